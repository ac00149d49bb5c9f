#include "proxy/net/listener.h"

#include "test/unit/net/listener_fixture.h"

namespace outrigger::net::test {
namespace {

using std::chrono::milliseconds;
using Verdict = ListenerFilterVerdict;

Verdict wait_for(std::string_view wanted, Bytes data) {
  return data.size() < wanted.size() ? Verdict::more() : Verdict::next();
}

TEST_F(ListenerTest, AConnectionGoesStraightToItsChain) {
  Listener& listener = start(config("l"));
  Peer peer = connect(listener);
  ASSERT_EQ(arrived_.size(), 1u);
  EXPECT_EQ(arrived_[0].info.detected_transport, "raw_buffer");
  EXPECT_EQ(arrived_[0].info.remote.ip_text(), "192.0.2.1");
  EXPECT_NE(arrived_[0].info.filter_chain, nullptr);
  EXPECT_EQ(listener.stats().downstream_cx_total.value(), 1u);
  EXPECT_FALSE(listener.stats().downstream_pre_cx_active.used());
}

TEST_F(ListenerTest, FiltersSeeWhatArrivedAndNothingIsLost) {
  auto l = config("l");
  add_filter(*l, [](auto&, Bytes data, bool, size_t&) { return wait_for("abcd", data); });
  add_filter(*l, [](auto&, Bytes data, bool, size_t& consumed) {
    consumed = 2;
    return data.starts_with("ab") ? Verdict::next() : Verdict::close("no");
  });
  add_filter(*l, [](auto&, Bytes data, bool, size_t&) {
    return data.starts_with("cd") ? Verdict::next() : Verdict::close("no");
  });
  Listener& listener = start(l);
  Peer peer = connect(listener);
  peer->send("ab");
  EXPECT_TRUE(arrived_.empty());
  EXPECT_EQ(listener.stats().downstream_pre_cx_active.value(), 1);
  peer->send("cdef");
  ASSERT_EQ(arrived_.size(), 1u);
  EXPECT_EQ(arrived_[0].data, "cdef");
  EXPECT_EQ(arrived_[0].transport->bytes_received(), 4u);
  peer->send("gh");
  EXPECT_EQ(arrived_[0].data, "cdefgh");
  EXPECT_EQ(listener.stats().downstream_pre_cx_active.value(), 0);
}

TEST_F(ListenerTest, AHalfCloseBehindTheDataIsToldToTheChain) {
  auto l = config("l");
  add_filter(*l, [](auto&, Bytes data, bool end, size_t&) {
    return end && data == "all" ? Verdict::next() : Verdict::more();
  });
  Peer peer = connect(start(l));
  peer->send_and_close("all");
  ASSERT_EQ(arrived_.size(), 1u);
  EXPECT_EQ(arrived_[0].data, "all");
  EXPECT_TRUE(arrived_[0].eof);
}

TEST_F(ListenerTest, AClientThatLeavesBeforeTheFiltersAreThrough) {
  auto l = config("l");
  add_filter(*l, [](auto&, Bytes, bool, size_t&) { return Verdict::more(); });
  Listener& listener = start(l);
  Peer polite = connect(listener), rude = connect(listener);
  polite->close();
  rude->reset(104);
  EXPECT_TRUE(polite->gone());
  EXPECT_TRUE(rude->gone());
  EXPECT_EQ(listener.stats().downstream_listener_filter_remote_close.value(), 1u);
  EXPECT_EQ(listener.stats().downstream_listener_filter_error.value(), 1u);
  EXPECT_EQ(listener.stats().downstream_cx_total.value(), 0u);
  EXPECT_EQ(listener.connection_count(), 0u);
}

TEST_F(ListenerTest, AFilterRefuses) {
  auto l = config("l");
  add_filter(*l, [](auto&, Bytes, bool, size_t&) { return Verdict::close("because"); });
  Peer peer = connect(start(l));
  EXPECT_TRUE(peer->gone());
  EXPECT_TRUE(arrived_.empty());
}

TEST_F(ListenerTest, WhoIsNotThroughInTimeIsClosed) {
  auto l = config("l");
  l->listener_filters_timeout = milliseconds(100);
  add_filter(*l, [](auto&, Bytes, bool, size_t&) { return Verdict::more(); });
  Listener& listener = start(l);
  Peer peer = connect(listener);
  loop_.advance(milliseconds(90));
  EXPECT_FALSE(peer->gone());
  loop_.advance(milliseconds(20));
  EXPECT_TRUE(peer->gone());
  EXPECT_EQ(listener.stats().downstream_pre_cx_timeout.value(), 1u);
}

TEST_F(ListenerTest, OrGoesOnWithWhatIsKnown) {
  auto l = config("l");
  l->listener_filters_timeout = milliseconds(100);
  l->continue_on_listener_filters_timeout = true;
  add_filter(*l, [](auto&, Bytes, bool, size_t&) { return Verdict::more(); });
  Listener& listener = start(l);
  Peer peer = connect(listener);
  peer->send("x");
  loop_.advance(milliseconds(110));
  ASSERT_EQ(arrived_.size(), 1u);
  EXPECT_EQ(arrived_[0].data, "x");
  EXPECT_EQ(listener.stats().downstream_pre_cx_timeout.value(), 1u);
}

TEST_F(ListenerTest, DisabledFiltersAreAskedOnceThoseBeforeThemAreThrough) {
  auto l = config("l");
  add_filter(*l, [](ListenerFilterContext& context, Bytes, bool, size_t&) {
    context.info().local = *Address::from_ip("10.0.0.1", 25);
    return Verdict::next();
  });
  add_filter(*l, [](auto&, Bytes, bool, size_t&) { return Verdict::more(); });
  auto mail = std::make_shared<config::ConnectionPredicate>();
  mail->kind = config::ConnectionPredicate::Kind::destination_port;
  mail->port_begin = 25;
  mail->port_end = 26;
  l->listener_filters.back().disabled = mail;
  connect(start(l));
  EXPECT_EQ(arrived_.size(), 1u);
}

TEST_F(ListenerTest, NoChainTakesIt) {
  auto l = config("l");
  auto chain = std::make_shared<config::FilterChain>();
  chain->match.destination_port = 1;
  l->chains = {chain};
  Listener& listener = start(l);
  Peer peer = connect(listener);
  EXPECT_TRUE(peer->gone());
  EXPECT_EQ(listener.stats().no_filter_chain_match.value(), 1u);
  EXPECT_EQ(listener.stats().downstream_cx_total.value(), 0u);
}

TEST_F(ListenerTest, TheDefaultChainTakesWhatNoOtherDoes) {
  auto l = config("l");
  auto chain = std::make_shared<config::FilterChain>();
  chain->match.destination_port = 1;
  l->chains = {chain};
  l->default_chain = std::make_shared<config::FilterChain>();
  connect(start(l));
  ASSERT_EQ(arrived_.size(), 1u);
  EXPECT_EQ(arrived_[0].info.filter_chain, l->default_chain.get());
}

TEST_F(ListenerTest, CountsConnectionsAsLongAsTheyLive) {
  auto l = config("l");
  Listener& listener = start(l);
  connect(listener);
  connect(listener);
  EXPECT_EQ(process_.total(), 2);
  arrived_.pop_back();
  EXPECT_EQ(process_.total(), 1);
}

class HandOffTest : public ListenerTest {
 protected:
  static std::shared_ptr<config::Listener> handing_on() {
    auto l = config("first");
    l->use_original_dst = true;
    add_filter(*l, [](ListenerFilterContext& context, Bytes, bool, size_t&) {
      auto destination = context.original_destination();
      if (!destination) return Verdict::next();
      context.info().local = *destination;
      context.info().local_restored = true;
      return Verdict::next();
    });
    return l;
  }
};

TEST_F(HandOffTest, ToTheListenerOfTheOriginalDestination) {
  Listener& first = start(handing_on());
  Listener& any = start(config("any", "0.0.0.0", 80));
  Listener& exact = start(config("exact", "10.0.0.1", 80));
  connect(first, "192.0.2.1", *Address::from_ip("10.0.0.1", 80));
  connect(first, "192.0.2.1", *Address::from_ip("10.0.0.2", 80));
  connect(first, "192.0.2.1", *Address::from_ip("10.0.0.2", 81));
  ASSERT_EQ(arrived_.size(), 3u);
  EXPECT_EQ(arrived_[0].info.listener_name, "exact");
  EXPECT_EQ(arrived_[1].info.listener_name, "any");
  EXPECT_EQ(arrived_[2].info.listener_name, "first");
  for (Listener* listener : {&first, &any, &exact})
    EXPECT_EQ(listener->stats().downstream_cx_total.value(), 1u) << listener->config().name;
  EXPECT_EQ(process_.total(), 3);
}

TEST_F(HandOffTest, TheNextListenerRunsItsOwnFiltersAndHandsOnNoFurther) {
  Listener& first = start(handing_on());
  auto second = config("second", "10.0.0.1", 80);
  second->use_original_dst = true;
  add_filter(*second, [](auto&, Bytes data, bool, size_t&) { return wait_for("abc", data); });
  start(second);
  Peer peer = connect(first, "192.0.2.1", *Address::from_ip("10.0.0.1", 80));
  EXPECT_TRUE(arrived_.empty());
  peer->send("abc");
  ASSERT_EQ(arrived_.size(), 1u);
  EXPECT_EQ(arrived_[0].data, "abc");
  EXPECT_EQ(arrived_[0].info.listener_name, "second");
}

TEST_F(HandOffTest, AStoppedListenerGetsNothing) {
  Listener& first = start(handing_on());
  start(config("exact", "10.0.0.1", 80)).stop(Listener::Waiting::left_over);
  connect(first, "192.0.2.1", *Address::from_ip("10.0.0.1", 80));
  ASSERT_EQ(arrived_.size(), 1u);
  EXPECT_EQ(arrived_[0].info.listener_name, "first");
}

}  // namespace
}  // namespace outrigger::net::test
