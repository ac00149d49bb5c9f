#include "api/config/route_index.h"

#include <algorithm>
#include <map>
#include <utility>

#include "api/config/route.h"

namespace outrigger::config {

RouteIndex::RouteIndex(std::span<const Route> routes) {
  std::map<std::string_view, Positions> prefixes;
  for (uint32_t at = 0; at < routes.size(); ++at) {
    const PathMatch& path = routes[at].match.path;
    bool prefix =
        path.kind == PathMatch::Kind::prefix || path.kind == PathMatch::Kind::path_separated_prefix;
    if (path.case_sensitive && path.kind == PathMatch::Kind::path) {
      exact_[path.text].push_back(at);
    } else if (path.case_sensitive && prefix) {
      prefixes[path.text].push_back(at);
    } else {
      others_.push_back(at);
    }
  }
  for (auto& [text, positions] : prefixes) {
    prefixes_.push_back({std::string(text), std::move(positions), kNone});
  }
  link_parents();
}

void RouteIndex::link_parents() {
  // In sorted order a text comes right after its prefixes and their other continuations: the
  // parent of one is on the chain of the one before it.
  for (uint32_t at = 1; at < prefixes_.size(); ++at) {
    uint32_t candidate = at - 1;
    while (candidate != kNone && !prefixes_[at].text.starts_with(prefixes_[candidate].text)) {
      candidate = prefixes_[candidate].parent;
    }
    prefixes_[at].parent = candidate;
  }
}

uint32_t RouteIndex::longest_prefix(std::string_view path) const {
  // Whatever stands between the longest prefix and `path` in sorted order starts with that prefix.
  auto after = std::ranges::upper_bound(
      prefixes_, path, {}, [](const Prefix& prefix) { return std::string_view(prefix.text); });
  auto at = static_cast<uint32_t>(after - prefixes_.begin()) - 1;  // kNone before the first
  while (at != kNone && !path.starts_with(prefixes_[at].text)) at = prefixes_[at].parent;
  return at;
}

RouteIndex::Lists RouteIndex::lists_of(std::string_view path) const {
  Lists lists;
  if (!others_.empty()) lists.emplace_back(others_);
  if (auto it = exact_.find(path); it != exact_.end()) lists.emplace_back(it->second);
  for (uint32_t at = longest_prefix(path); at != kNone; at = prefixes_[at].parent) {
    lists.emplace_back(prefixes_[at].routes);
  }
  return lists;
}

}  // namespace outrigger::config
