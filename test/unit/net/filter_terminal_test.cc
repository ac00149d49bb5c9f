// A chain that ends in a terminal network filter.
#include "proxy/net/filter_terminal.h"

#include <gtest/gtest.h>

#include "proxy/net/filtered_chain.h"
#include "proxy/observe/stats_store.h"
#include "test/unit/support/cluster.h"
#include "test/unit/support/fake_loop.h"

namespace outrigger::net {
namespace {

// Sends back what arrives, and ends with the peer.
class Echo final : public NetworkFilter {
 public:
  NetworkVerdict on_data(NetworkFilterContext& context, Bytes& data, bool end) override {
    context.write(data);
    data = {};
    if (end) context.close(true, {});
    return NetworkVerdict::next;
  }
};

class EchoFactory final : public NetworkFilterFactory {
 public:
  std::unique_ptr<NetworkFilter> create() const override { return std::make_unique<Echo>(); }
  bool terminal() const override { return true; }
};

class FilterTerminalTest : public ::testing::Test {
 protected:
  FilterTerminalTest() {
    listener_->stats = outrigger::test::scope<ListenerStats>("listener.test.");
    chain_->filters.push_back({"echo", std::make_shared<EchoFactory>()});
    handler_ = wrap_filters(listener_, chain_, services_,
                            std::make_unique<FilterTerminalListener>(listener_, services_, logs_));
  }
  ~FilterTerminalTest() override {
    handler_->close_all();
    loop_.settle();
  }
  std::shared_ptr<outrigger::test::FakePeer> connect() {
    auto [transport, peer] = loop_.accept_client();
    handler_->on_connection(std::move(transport), {});
    loop_.settle();
    return peer;
  }
  ListenerStats& stats() { return listener_->stats->local<ListenerStats>(0); }

  outrigger::test::FakeLoop loop_;
  std::shared_ptr<config::Listener> listener_ = std::make_shared<config::Listener>();
  std::shared_ptr<config::FilterChain> chain_ = std::make_shared<config::FilterChain>();
  config::RuntimeSnapshotPtr runtime_ = std::make_shared<config::RuntimeSnapshot>();
  ConnectionServices services_{0, loop_, runtime_, [] { return uint64_t{0}; }};
  observe::StatsStore store_;
  observe::LogWriter logs_{store_};
  std::unique_ptr<ChainHandler> handler_;
};

TEST_F(FilterTerminalTest, FiltersAreTheWholeChain) {
  auto peer = connect();
  peer->send("abc");
  EXPECT_EQ(peer->take(), "abc");
  EXPECT_EQ(handler_->connection_count(), 1u);
  peer->close();
  EXPECT_TRUE(peer->gone());
  EXPECT_EQ(handler_->connection_count(), 0u);
  EXPECT_EQ(stats().downstream_cx_active.value(), 0);
  EXPECT_EQ(stats().downstream_cx_destroy.value(), 1u);
}

TEST_F(FilterTerminalTest, PeerThatDoesNotReadIsNotReadFrom) {
  listener_->buffer_limit_bytes = 10;
  auto peer = connect();
  peer->stall(true);
  peer->send(std::string(100, 'a'));
  peer->send("b");
  peer->stall(false);
  EXPECT_EQ(peer->take(), std::string(100, 'a') + "b");
}

TEST_F(FilterTerminalTest, ShutdownEndsEveryConnection) {
  auto peer = connect();
  handler_->close_all();
  loop_.settle();
  EXPECT_TRUE(peer->gone());
}

TEST_F(FilterTerminalTest, ChainWithoutFiltersHasNoWrapper) {
  auto end = std::make_unique<FilterTerminalListener>(listener_, services_, logs_);
  ChainHandler* before = end.get();
  auto plain = std::make_shared<config::FilterChain>();
  EXPECT_EQ(wrap_filters(listener_, plain, services_, std::move(end)).get(), before);
}

}  // namespace
}  // namespace outrigger::net
