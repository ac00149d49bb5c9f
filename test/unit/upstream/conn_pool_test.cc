// What the pool promises to those who wait: one answer, the right connection, the limits.
#include <cerrno>

#include <gtest/gtest.h>

#include "test/unit/upstream/pool_fixture.h"

namespace outrigger::upstream::test {
namespace {

using Failures = std::vector<PoolFailure>;

class ConnPoolTest : public PoolTest {};

TEST_F(ConnPoolTest, ConnectsWithTheFirstRequestAndSendsItOnceConnected) {
  Request request(pool());
  EXPECT_EQ(loop_.peer_count(), 0u) << "nothing connects ahead of requests";
  request.start();
  ASSERT_EQ(loop_.peer_count(), 1u);
  EXPECT_EQ(peer(0).options().address.text(), "10.0.0.1:80");
  EXPECT_FALSE(request.sent());
  EXPECT_EQ(stats().upstream_rq_pending_active.value(), 1);
  peer(0).accept();
  EXPECT_TRUE(request.sent());
  EXPECT_EQ(peer(0).take().substr(0, 16), "GET / HTTP/1.1\r\n");
  EXPECT_EQ(stats().upstream_rq_pending_active.value(), 0);
  EXPECT_EQ(stats().upstream_rq_pending_total.value(), 1u);
  EXPECT_EQ(stats().upstream_cx_total.value(), 1u);
  EXPECT_EQ(stats().upstream_cx_active.value(), 1);
}

TEST_F(ConnPoolTest, ReusesTheConnectionWithoutWaiting) {
  auto first = answered();
  Request second(pool());
  second.start();
  EXPECT_TRUE(second.sent());
  EXPECT_EQ(second.connection_id(), first->connection_id());
  EXPECT_EQ(loop_.peer_count(), 1u);
  EXPECT_EQ(stats().upstream_rq_pending_total.value(), 1u) << "the second did not wait";
  EXPECT_EQ(stats().upstream_rq_total.value(), 2u);
}

TEST_F(ConnPoolTest, TakesTheConnectionThatWasUsedLast) {
  Request a(pool()), b(pool()), c(pool());
  a.start(), b.start(), c.start();
  ASSERT_EQ(loop_.peer_count(), 3u);
  for (size_t i = 0; i < 3; ++i) peer(i).accept();
  peer(2).send(kOk);
  peer(0).send(kOk);
  peer(1).send(kOk);
  Request next(pool()), after(pool());
  next.start();
  EXPECT_EQ(next.connection_id(), b.connection_id());
  after.start();
  EXPECT_EQ(after.connection_id(), a.connection_id());
}

TEST_F(ConnPoolTest, ServesThoseWhoWaitInTheirOrder) {
  limits().max_connections = 1;
  Request a(pool()), b(pool()), c(pool());
  a.start(), b.start(), c.start();
  EXPECT_EQ(loop_.peer_count(), 1u);
  EXPECT_EQ(stats().upstream_cx_overflow.value(), 2u);
  EXPECT_EQ(breaker().cx_open.value(), 1);
  peer(0).accept();
  EXPECT_TRUE(a.sent());
  EXPECT_FALSE(b.sent());
  peer(0).send(kOk);
  EXPECT_TRUE(b.sent());
  EXPECT_FALSE(c.sent());
  peer(0).send(kOk);
  EXPECT_TRUE(c.sent());
  EXPECT_EQ(loop_.peer_count(), 1u);
}

TEST_F(ConnPoolTest, AFreshRequestAvoidsUsedConnections) {
  auto used = answered();
  Request fresh(pool());
  fresh.start(true);
  EXPECT_FALSE(fresh.sent());
  ASSERT_EQ(loop_.peer_count(), 2u);
  peer(1).accept();
  EXPECT_TRUE(fresh.sent());
  EXPECT_NE(fresh.connection_id(), used->connection_id());
}

TEST_F(ConnPoolTest, AFreshRequestTakesAConnectionThatCarriedNothingYet) {
  {
    Request impatient(pool());
    impatient.start();
  }  // gone before its connection is up
  peer(0).accept();
  Request fresh(pool());
  fresh.start(true);
  EXPECT_TRUE(fresh.sent());
  EXPECT_EQ(loop_.peer_count(), 1u);
}

TEST_F(ConnPoolTest, AFreshRequestThatWaitsIsNotGivenAUsedConnection) {
  Request busy(pool());
  busy.start();
  peer(0).accept();
  Request fresh(pool());
  fresh.start(true);
  ASSERT_EQ(loop_.peer_count(), 2u);
  peer(0).send(kOk);  // a used connection is free before the new one is up
  EXPECT_TRUE(busy.done());
  EXPECT_FALSE(fresh.sent());
  peer(1).accept();
  EXPECT_TRUE(fresh.sent());
  EXPECT_NE(fresh.connection_id(), busy.connection_id());
}

TEST_F(ConnPoolTest, OthersAreServedPastAFreshRequestThatWaits) {
  Request busy(pool());
  busy.start();
  peer(0).accept();
  Request fresh(pool()), any(pool());
  fresh.start(true);
  any.start();
  peer(0).send(kOk);
  EXPECT_FALSE(fresh.sent());
  EXPECT_EQ(any.connection_id(), busy.connection_id());
}

TEST_F(ConnPoolTest, AtTheLimitOfConnectionsAFreshRequestTakesAUsedOne) {
  limits().max_connections = 1;
  auto used = answered();
  Request fresh(pool());
  fresh.start(true);
  EXPECT_EQ(fresh.connection_id(), used->connection_id()) << "it would wait for ever";
}

TEST_F(ConnPoolTest, ARefusedConnectionFailsThoseWhoWaitOnce) {
  limits().max_connections = 1;
  Request a(pool()), b(pool());
  a.start(), b.start();
  peer(0).refuse(ECONNREFUSED);
  EXPECT_EQ(a.failures, Failures({PoolFailure::connection_failure}));
  EXPECT_EQ(b.failures, Failures({PoolFailure::connection_failure}));
  EXPECT_EQ(a.failure_detail, "Connection refused");
  EXPECT_EQ(loop_.peer_count(), 1u) << "nobody waits: nothing connects again";
  EXPECT_EQ(stats().upstream_cx_connect_fail.value(), 1u);
  EXPECT_EQ(stats().upstream_rq_pending_failure_eject.value(), 2u);
  EXPECT_EQ(stats().upstream_rq_pending_active.value(), 0);
  EXPECT_EQ(stats().upstream_cx_active.value(), 0);
  EXPECT_EQ(limits().usage->connections.load(), 0u);
  EXPECT_EQ(limits().usage->pending_requests.load(), 0u);
  EXPECT_TRUE(peer(0).gone());
}

TEST_F(ConnPoolTest, AConnectTimeoutSaysSo) {
  config_->connect_timeout = std::chrono::milliseconds(250);
  Request request(pool());
  request.start();
  loop_.advance(std::chrono::milliseconds(249));
  EXPECT_TRUE(request.failures.empty());
  loop_.advance(std::chrono::milliseconds(2));
  EXPECT_EQ(request.failures, Failures({PoolFailure::connect_timeout}));
  EXPECT_EQ(stats().upstream_cx_connect_timeout.value(), 1u);
  EXPECT_EQ(stats().upstream_cx_connect_fail.value(), 1u);
  EXPECT_TRUE(peer(0).gone());
  loop_.advance(std::chrono::seconds(10));
  EXPECT_EQ(request.failures.size(), 1u);
}

TEST_F(ConnPoolTest, AnAddressThatTheSystemRefusesFailsInsideTheCall) {
  loop_.fail_next_connect(absl::UnavailableError("Network is unreachable"));
  Request request(pool());
  request.start();
  EXPECT_EQ(request.failures, Failures({PoolFailure::connection_failure}));
  EXPECT_EQ(request.failure_detail, "Network is unreachable");
  EXPECT_EQ(stats().upstream_cx_connect_fail.value(), 1u);
  EXPECT_EQ(stats().upstream_cx_active.value(), 0);
  EXPECT_EQ(limits().usage->connections.load(), 0u);
}

TEST_F(ConnPoolTest, ARetryFromTheFailureWaitsForAConnectionOfItsOwn) {
  Request request(pool());
  request.retry_once();
  request.start();
  peer(0).refuse(ECONNREFUSED);
  EXPECT_EQ(request.failures.size(), 1u);
  ASSERT_EQ(loop_.peer_count(), 2u);
  peer(1).accept();
  EXPECT_TRUE(request.sent());
  EXPECT_EQ(request.failures.size(), 1u);
}

TEST_F(ConnPoolTest, RefusesMoreThanMayWait) {
  limits().max_pending_requests = 2;
  Request a(pool()), b(pool()), c(pool());
  a.start(), b.start();
  EXPECT_EQ(breaker().rq_pending_open.value(), 1);
  c.start();
  EXPECT_EQ(c.failures, Failures({PoolFailure::overflow}));
  EXPECT_EQ(stats().upstream_rq_pending_overflow.value(), 1u);
  EXPECT_EQ(loop_.peer_count(), 2u);
  peer(0).accept();
  EXPECT_EQ(breaker().rq_pending_open.value(), 0);
  EXPECT_TRUE(a.sent());
}

TEST_F(ConnPoolTest, RefusesMoreThanMayRun) {
  limits().max_requests = 1;
  Request a(pool()), b(pool());
  a.start(), b.start();
  peer(0).accept();
  EXPECT_EQ(breaker().rq_open.value(), 1);
  peer(1).accept();
  EXPECT_EQ(b.failures, Failures({PoolFailure::overflow}));
  EXPECT_EQ(stats().upstream_rq_pending_overflow.value(), 1u);
  peer(0).send(kOk);
  EXPECT_EQ(breaker().rq_open.value(), 0);
  Request c(pool());
  c.start();
  EXPECT_TRUE(c.sent());
}

TEST_F(ConnPoolTest, AlwaysAllowsOneConnection) {
  limits().max_connections = 0;
  Request request(pool());
  request.start();
  ASSERT_EQ(loop_.peer_count(), 1u);
  EXPECT_EQ(stats().upstream_cx_overflow.value(), 1u);
  peer(0).accept();
  EXPECT_TRUE(request.sent());
}

TEST_F(ConnPoolTest, ARequestThatLeavesTheQueueIsNotCalled) {
  {
    Request gone(pool());
    gone.start();
    EXPECT_TRUE(gone.waiting());
  }
  EXPECT_EQ(stats().upstream_rq_cancelled.value(), 1u);
  EXPECT_EQ(stats().upstream_rq_pending_active.value(), 0);
  EXPECT_EQ(limits().usage->pending_requests.load(), 0u);
  peer(0).accept();
  EXPECT_EQ(stats().upstream_rq_total.value(), 0u);
  EXPECT_EQ(stats().upstream_cx_active.value(), 1) << "the next request may have it";
}

TEST_F(ConnPoolTest, LosesNobodyWhenTheMiddleOfTheQueueLeaves) {
  limits().max_connections = 1;
  Request a(pool()), c(pool());
  auto b = std::make_unique<Request>(pool());
  a.start(), b->start(), c.start();
  b.reset();
  peer(0).accept();
  peer(0).send(kOk);
  EXPECT_TRUE(a.done());
  EXPECT_TRUE(c.sent());
}

TEST_F(ConnPoolTest, ThoseWhoWaitGetAnotherConnectionWhenTheOnlyOneCloses) {
  limits().max_connections = 1;
  Request a(pool()), b(pool());
  a.start(), b.start();
  peer(0).accept();
  peer(0).send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
  EXPECT_TRUE(a.done());
  ASSERT_EQ(loop_.peer_count(), 2u);
  peer(1).accept();
  EXPECT_TRUE(b.sent());
}

TEST_F(ConnPoolTest, PrioritiesDoNotShareConnections) {
  auto low = answered();
  ConnPool& high = cluster_->pool(*cluster_->hosts().front(), true, http::Protocol::http11);
  EXPECT_NE(&high, &pool());
  Request request(high);
  request.start();
  EXPECT_FALSE(request.sent());
  EXPECT_EQ(loop_.peer_count(), 2u);
}

TEST_F(ConnPoolTest, ManyRequestsShareOneHttp2Connection) {
  config_->http.edit().version = config::UpstreamHttp::Version::http2;
  Request a(pool()), b(pool()), c(pool());
  a.start(), b.start(), c.start();
  ASSERT_EQ(loop_.peer_count(), 1u);
  peer(0).accept();
  EXPECT_TRUE(a.sent());
  EXPECT_EQ(a.connection_id(), b.connection_id());
  EXPECT_EQ(b.connection_id(), c.connection_id());
  EXPECT_EQ(stats().upstream_cx_http2_total.value(), 1u);
}

TEST_F(ConnPoolTest, Http2SharesNoMoreThanMaxRequestsPerConnection) {
  config_->http.edit().version = config::UpstreamHttp::Version::http2;
  config_->http.edit().max_requests_per_connection = 2;
  Request a(pool()), b(pool()), c(pool());
  a.start();
  peer(0).accept();
  b.start(), c.start();
  EXPECT_EQ(b.connection_id(), a.connection_id());
  EXPECT_FALSE(c.sent()) << "the connection has had its two requests";
  ASSERT_EQ(loop_.peer_count(), 2u);
  peer(1).accept();
  EXPECT_TRUE(c.sent());
  EXPECT_NE(c.connection_id(), a.connection_id());
  EXPECT_EQ(stats().upstream_cx_max_requests.value(), 1u);
}

TEST_F(ConnPoolTest, Http2OpensAsManyConnectionsAsThoseWhoWaitNeed) {
  config_->http.edit().version = config::UpstreamHttp::Version::http2;
  config_->http.edit().max_requests_per_connection = 2;
  Request a(pool()), b(pool()), c(pool());
  a.start(), b.start(), c.start();
  ASSERT_EQ(loop_.peer_count(), 2u);
  peer(0).accept();
  peer(1).accept();
  EXPECT_TRUE(a.sent());
  EXPECT_TRUE(b.sent());
  EXPECT_TRUE(c.sent());
}

TEST_F(ConnPoolTest, ConnectionsToOneHostHaveALimitOfTheirOwn) {
  limits().max_connections_per_host = 2;
  Request a(pool()), b(pool()), c(pool());
  a.start(), b.start(), c.start();
  EXPECT_EQ(loop_.peer_count(), 2u);
  EXPECT_EQ(stats().upstream_cx_overflow.value(), 1u);
  EXPECT_EQ(limits().usage->connections.load(), 2u);
  peer(0).accept();
  peer(0).send(kOk);
  peer(0).send(kOk);
  EXPECT_TRUE(c.sent());
}

TEST_F(ConnPoolTest, APoolWithoutAnyConnectionGetsOneAlthoughTheHostIsFull) {
  limits().max_connections_per_host = 1;
  Request a(pool());
  a.start();
  ConnPool& tunnels = cluster_->tunnel_pool(*cluster_->hosts().front(), false);
  Request b(tunnels);
  b.start();
  EXPECT_EQ(loop_.peer_count(), 2u);
  EXPECT_EQ(stats().upstream_cx_overflow.value(), 1u);
}

TEST_F(ConnPoolTest, APoolBeyondTheLimitOfPoolsIsRefused) {
  limits().max_connection_pools = 1;
  auto first = answered();
  EXPECT_EQ(breaker().cx_pool_open.value(), 1);
  ConnPool& tunnels = cluster_->tunnel_pool(*cluster_->hosts().front(), false);
  EXPECT_FALSE(tunnels.admit());
  EXPECT_EQ(stats().upstream_cx_pool_overflow.value(), 1u);
  Request refused(tunnels);
  refused.start();
  EXPECT_EQ(refused.failures, std::vector{PoolFailure::overflow});
  EXPECT_TRUE(pool().admit()) << "it has a connection";
  ConnectionNeeds needs;
  needs.sni = "a.example";
  Host& host = *cluster_->hosts().front();
  EXPECT_FALSE(cluster_->pool(host, false, http::Protocol::http11, needs).admit());
  loop_.settle();
  EXPECT_TRUE(host.pools->special.empty());
  peer(0).close();
  EXPECT_EQ(limits().usage->connection_pools.load(), 0u);
  EXPECT_EQ(breaker().cx_pool_open.value(), 0);
  EXPECT_TRUE(tunnels.admit());
}

TEST_F(ConnPoolTest, WhoIsRefusedForOtherReasonsHoldsNoPool) {
  limits().max_pending_requests = 0;
  Request a(pool());
  a.start();
  EXPECT_EQ(a.failures, std::vector{PoolFailure::overflow});
  EXPECT_EQ(limits().usage->connection_pools.load(), 0u);
  EXPECT_EQ(limits().usage->overflowed.load(), 1u);
}

TEST_F(ConnPoolTest, WhatRemainsIsShownIfAsked) {
  limits().max_requests = 3;
  limits().max_connections = 5;
  limits().remaining_stats = outrigger::test::scope<CircuitBreakerRemainingStats>("");
  auto& remaining = limits().remaining_stats->local<CircuitBreakerRemainingStats>(0);
  auto first = answered();
  EXPECT_EQ(remaining.remaining_rq.value(), 3);
  EXPECT_EQ(remaining.remaining_cx.value(), 4);
  Request a(pool());
  a.start();
  EXPECT_EQ(remaining.remaining_rq.value(), 2);
  limits().usage->requests += 5;  // another worker's
  cluster_->note_limits(false);
  EXPECT_EQ(remaining.remaining_rq.value(), 0);
  EXPECT_EQ(breaker().rq_open.value(), 1);
  limits().usage->requests -= 5;
}

TEST_F(ConnPoolTest, PreconnectKeepsRoomForTheNextRequests) {
  config_->preconnect_ratio = 2;
  Request a(pool());
  a.start();
  ASSERT_EQ(loop_.peer_count(), 2u);
  peer(0).accept();
  peer(1).accept();
  Request b(pool());
  b.start();
  EXPECT_TRUE(b.sent()) << "on the connection that was ready";
  EXPECT_EQ(loop_.peer_count(), 4u);
}

TEST_F(ConnPoolTest, PreconnectMakesFewConnectionsAtOnceAndNoneBeyondTheLimit) {
  config_->preconnect_ratio = 3;
  limits().max_connections = 4;
  Request a(pool()), b(pool());
  a.start();
  EXPECT_EQ(loop_.peer_count(), 3u);
  b.start();
  EXPECT_EQ(loop_.peer_count(), 4u);
  EXPECT_EQ(limits().usage->connections.load(), 4u);
}

TEST_F(ConnPoolTest, PreconnectCountsTheStreamsOfHttp2) {
  config_->http.edit().version = config::UpstreamHttp::Version::http2;
  config_->preconnect_ratio = 1.5;
  Request a(pool()), b(pool());
  a.start();
  b.start();
  EXPECT_EQ(loop_.peer_count(), 1u) << "one connection has room for many";
}

}  // namespace
}  // namespace outrigger::upstream::test
