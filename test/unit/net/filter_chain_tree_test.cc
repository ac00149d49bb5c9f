// A generic matcher that chooses filter chains.
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "proxy/net/filter_chain_index.h"

namespace outrigger::net {
namespace {

config::FilterChainPtr named_chain(std::string name) {
  auto chain = std::make_shared<config::FilterChain>();
  chain->name = std::move(name);
  chain->match.destination_port = 1;  // does not count
  return chain;
}

// By server name: "a" and "b" to the chains of that name, "gone" to one that is not there.
FilterChainIndex by_server_name() {
  auto tree = std::make_shared<config::ChainTree>();
  tree->tree.kind = config::MatchTree::Kind::exact;
  tree->tree.input = {config::MatchInput::Kind::server_name, ""};
  for (const char* name : {"b", "a", "gone"}) {
    tree->tree.texts[name].action = static_cast<uint32_t>(tree->chains.size());
    tree->chains.emplace_back(name);
  }
  return FilterChainIndex({named_chain("a"), named_chain("b")}, std::move(tree));
}

uint32_t found_for(const FilterChainIndex& index, const std::string& server_name) {
  DownstreamConnectionInfo info;
  info.local = *Address::from_ip("10.1.2.3", 443);
  info.requested_server_name = server_name;
  return index.find(info);
}

TEST(FilterChainTree, NamesTheChain) {
  FilterChainIndex index = by_server_name();
  EXPECT_EQ(found_for(index, "a"), 0u);
  EXPECT_EQ(found_for(index, "b"), 1u);
}

TEST(FilterChainTree, LeavesTheRestToTheDefaultChain) {
  EXPECT_EQ(found_for(by_server_name(), "c"), FilterChainIndex::kNone);
  EXPECT_EQ(found_for(by_server_name(), ""), FilterChainIndex::kNone);
}

TEST(FilterChainTree, RefusesWhereTheChainIsMissing) {
  EXPECT_EQ(found_for(by_server_name(), "gone"), FilterChainIndex::kRefused);
}

}  // namespace
}  // namespace outrigger::net
