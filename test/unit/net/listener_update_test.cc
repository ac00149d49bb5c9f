// A listener whose filter chains change while it has connections.
#include "test/unit/net/listener_fixture.h"

namespace outrigger::net::test {
namespace {

using std::chrono::seconds;

config::FilterChainPtr chain_for(std::string name, uint16_t port) {
  auto chain = std::make_shared<config::FilterChain>();
  chain->name = std::move(name);
  chain->match.destination_port = port;
  return chain;
}

class ListenerUpdateTest : public ListenerTest {
 protected:
  ListenerUpdateTest() {
    services_.make_chain = [this](const config::ListenerPtr& listener,
                                  const config::FilterChainPtr& chain) {
      facts_.push_back(listener);
      auto& place = arrived_by_chain_[chain->name];
      auto made = std::make_unique<KeepingChain>(place);
      handlers_[chain->name] = made.get();
      return made;
    };
  }
  ~ListenerUpdateTest() override {
    arrived_by_chain_.clear();
    listeners_.clear();
  }

  Listener& start_with(std::vector<config::FilterChainPtr> chains) {
    config_ = config("l", "198.51.100.1", 0);
    config_->chains = std::move(chains);
    return start(config_);
  }
  void update(Listener& listener, std::vector<config::FilterChainPtr> chains) {
    auto next = std::make_shared<config::Listener>(*config_);
    next->chains = std::move(chains);
    listener.set_chains(std::make_shared<const ChainSet>(*next), seconds(10),
                        [this] { ++drained_; });
  }
  Peer connect_to(Listener& listener, uint16_t port) {
    auto [transport, peer] = loop_.accept_client();
    DownstreamConnectionInfo info;
    info.local = *Address::from_ip("198.51.100.1", port);
    listener.take_over(std::move(transport), std::move(info));
    loop_.settle();
    return peer;
  }
  size_t arrived(const std::string& chain) { return arrived_by_chain_[chain].size(); }

  std::map<std::string, std::deque<Arrived>> arrived_by_chain_;
  std::map<std::string, KeepingChain*> handlers_;
  std::vector<config::ListenerPtr> facts_;
  std::shared_ptr<config::Listener> config_;
  int drained_ = 0;
};

TEST_F(ListenerUpdateTest, AChainThatStayedKeepsItsConnections) {
  auto stays = chain_for("stays", 80), goes = chain_for("goes", 81);
  Listener& listener = start_with({goes, stays});
  Peer kept = connect_to(listener, 80), left = connect_to(listener, 81);
  update(listener, {stays, chain_for("new", 82)});
  connect_to(listener, 80);
  connect_to(listener, 82);
  EXPECT_EQ(arrived("stays"), 2u);
  EXPECT_EQ(arrived("new"), 1u);
  EXPECT_FALSE(handlers_["stays"]->drained);
  EXPECT_EQ(handlers_["goes"]->drained, DrainPace::strategic);
  EXPECT_EQ(listener.connection_count(), 4u);
  // No new connection gets to the chain that is gone.
  connect_to(listener, 81);
  EXPECT_EQ(listener.stats().no_filter_chain_match.value(), 1u);
  kept->send("still here");
  EXPECT_EQ(arrived_by_chain_["stays"][0].data, "still here");
}

TEST_F(ListenerUpdateTest, AChainIsGoneWithItsLastConnection) {
  Listener& listener = start_with({chain_for("goes", 81)});
  connect_to(listener, 81);
  update(listener, {chain_for("new", 81)});
  loop_.advance(seconds(2));
  EXPECT_EQ(drained_, 0);
  arrived_by_chain_["goes"].clear();
  loop_.advance(seconds(1));
  EXPECT_EQ(drained_, 1);
  EXPECT_EQ(listener.connection_count(), 0u);
}

TEST_F(ListenerUpdateTest, AtTheEndOfTheDrainTimeWhatIsLeftIsClosed) {
  Listener& listener = start_with({chain_for("goes", 81)});
  Peer peer = connect_to(listener, 81);
  update(listener, {chain_for("new", 81)});
  loop_.advance(seconds(9));
  EXPECT_FALSE(peer->gone());
  loop_.advance(seconds(2));
  EXPECT_TRUE(peer->gone());
  EXPECT_EQ(drained_, 1);
}

TEST_F(ListenerUpdateTest, AChainWithoutConnectionsIsGoneAtOnce) {
  Listener& listener = start_with({chain_for("goes", 81)});
  update(listener, {chain_for("new", 81)});
  loop_.advance(std::chrono::milliseconds(1));
  EXPECT_EQ(drained_, 1);
}

// Who holds a listener's facts for a connection's sake must not hold the chains that it had.
TEST_F(ListenerUpdateTest, ConnectionsHoldNoChainsButTheirOwn) {
  auto goes = chain_for("goes", 81);
  std::weak_ptr<const config::FilterChain> watched = goes;
  auto stays = chain_for("stays", 80);
  Listener& listener = start_with({std::move(goes), stays});
  connect_to(listener, 80);
  EXPECT_TRUE(facts_.at(0)->chains.empty());
  update(listener, {stays});
  config_.reset();
  loop_.advance(std::chrono::milliseconds(1));
  EXPECT_TRUE(watched.expired());
}

TEST_F(ListenerUpdateTest, OneThatIsLookedAtWhileTheListenerDrainsIsToldToo) {
  auto l = config("l");
  bool through = false;
  add_filter(*l, [&](auto&, Bytes, bool, size_t&) {
    return through ? ListenerFilterVerdict::next() : ListenerFilterVerdict::more();
  });
  Listener& listener = start(l);
  Peer peer = connect(listener);
  listener.stop(Listener::Waiting::taken);
  listener.drain(DrainPace::unhurried);
  through = true;
  peer->send("x");
  EXPECT_EQ(handlers_.at("")->drained, DrainPace::unhurried);
}

}  // namespace
}  // namespace outrigger::net::test
