// The life of an upstream connection: idle, used up, drained, lost.
#include <cerrno>

#include <gtest/gtest.h>

#include "test/unit/upstream/pool_fixture.h"

namespace outrigger::upstream::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Resets = std::vector<http::ResetReason>;

class ClientConnectionTest : public PoolTest {};

TEST_F(ClientConnectionTest, AnIdleConnectionClosesAfterTheIdleTimeout) {
  config_->http.edit().idle_timeout = seconds(60);
  auto first = answered();
  loop_.advance(milliseconds(59'990));
  EXPECT_FALSE(peer(0).gone());
  loop_.advance(milliseconds(20));
  EXPECT_TRUE(peer(0).gone());
  EXPECT_EQ(stats().upstream_cx_idle_timeout.value(), 1u);
  EXPECT_EQ(stats().upstream_cx_destroy_local.value(), 1u);
  EXPECT_EQ(stats().upstream_cx_active.value(), 0);
  Request next(pool());
  next.start();
  EXPECT_EQ(loop_.peer_count(), 2u);
}

TEST_F(ClientConnectionTest, ARequestInTimeStartsTheIdleTimeoutAnew) {
  config_->http.edit().idle_timeout = seconds(60);
  auto first = answered();
  loop_.advance(seconds(50));
  Request long_one(pool());
  long_one.start();
  loop_.advance(seconds(500));
  EXPECT_FALSE(peer(0).gone()) << "a request is on it";
  peer(0).send(kOk);
  loop_.advance(seconds(50));
  EXPECT_FALSE(peer(0).gone());
  loop_.advance(seconds(11));
  EXPECT_TRUE(peer(0).gone());
}

TEST_F(ClientConnectionTest, WithoutAnIdleTimeoutItStays) {
  config_->http.edit().idle_timeout.reset();
  auto first = answered();
  loop_.advance(std::chrono::hours(48));
  EXPECT_FALSE(peer(0).gone());
}

TEST_F(ClientConnectionTest, AConnectionThatThePeerClosedWhileIdleIsNotUsedAgain) {
  auto first = answered();
  peer(0).close();
  EXPECT_TRUE(peer(0).gone());
  EXPECT_EQ(stats().upstream_cx_destroy_remote.value(), 1u);
  EXPECT_EQ(stats().upstream_cx_destroy_with_active_rq.value(), 0u);
  Request next(pool());
  next.start();
  EXPECT_FALSE(next.sent());
  EXPECT_EQ(loop_.peer_count(), 2u);
}

TEST_F(ClientConnectionTest, AStaleConnectionTellsItsRequestOnce) {
  auto first = answered();
  Request unlucky(pool());
  unlucky.start();
  peer(0).close();
  EXPECT_EQ(unlucky.resets, Resets({http::ResetReason::connection_termination}));
  EXPECT_TRUE(unlucky.failures.empty());
  EXPECT_EQ(stats().upstream_cx_destroy_remote_with_active_rq.value(), 1u);
  EXPECT_EQ(stats().upstream_rq_active.value(), 0);
  EXPECT_EQ(limits().usage->requests.load(), 0u);
  EXPECT_TRUE(peer(0).gone());
}

TEST_F(ClientConnectionTest, AResetOfTheSocketTellsItsRequestOnce) {
  Request request(pool());
  request.start();
  peer(0).accept();
  peer(0).reset(ECONNRESET);
  EXPECT_EQ(request.resets, Resets({http::ResetReason::connection_termination}));
  EXPECT_EQ(stats().upstream_cx_destroy_remote_with_active_rq.value(), 1u);
  EXPECT_EQ(stats().upstream_cx_active.value(), 0);
}

TEST_F(ClientConnectionTest, ABodyThatTheCloseEndsIsWholeAndTheConnectionGone) {
  Request request(pool());
  request.start();
  peer(0).accept();
  peer(0).send_and_close("HTTP/1.1 200 OK\r\n\r\nuntil the end");
  EXPECT_TRUE(request.done());
  EXPECT_TRUE(request.resets.empty());
  EXPECT_TRUE(peer(0).gone());
}

TEST_F(ClientConnectionTest, ClosesWhenTheResponseSaysSo) {
  Request request(pool());
  request.start();
  peer(0).accept();
  peer(0).send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
  EXPECT_TRUE(request.done());
  EXPECT_TRUE(peer(0).gone());
  EXPECT_EQ(stats().upstream_cx_destroy_local.value(), 1u);
}

TEST_F(ClientConnectionTest, ClosesAfterMaxRequests) {
  config_->http.edit().max_requests_per_connection = 2;
  auto first = answered();
  EXPECT_FALSE(peer(0).gone());
  EXPECT_EQ(stats().upstream_cx_max_requests.value(), 0u);
  auto second = answered();
  EXPECT_EQ(second->connection_id(), first->connection_id());
  EXPECT_TRUE(peer(0).gone());
  EXPECT_EQ(stats().upstream_cx_max_requests.value(), 1u);
  auto third = answered();
  EXPECT_NE(third->connection_id(), first->connection_id());
}

TEST_F(ClientConnectionTest, AnAnswerWithoutAQuestionClosesAnIdleConnection) {
  auto first = answered();
  peer(0).send(kOk);
  EXPECT_TRUE(peer(0).gone());
  EXPECT_EQ(stats().upstream_cx_protocol_error.value(), 1u);
}

TEST_F(ClientConnectionTest, AnswersThatAreNotHttpResetTheRequest) {
  Request request(pool());
  request.start();
  peer(0).accept();
  peer(0).send("SSH-2.0-OpenSSH_9.2\r\n");
  EXPECT_EQ(request.resets, Resets({http::ResetReason::protocol_error}));
  EXPECT_EQ(stats().upstream_cx_protocol_error.value(), 1u);
  EXPECT_TRUE(peer(0).gone());
}

TEST_F(ClientConnectionTest, ARequestGivenUpTakesItsConnectionAlong) {
  Request request(pool());
  request.start();
  peer(0).accept();
  request.give_up();
  loop_.settle();
  EXPECT_TRUE(peer(0).gone()) << "the answer may still come: nobody else may read it";
  EXPECT_EQ(stats().upstream_cx_destroy_local.value(), 1u);
  EXPECT_EQ(stats().upstream_rq_active.value(), 0);
}

TEST_F(ClientConnectionTest, AtItsMaxDurationAnIdleConnectionCloses) {
  config_->http.edit().max_connection_duration = seconds(30);
  auto first = answered();
  loop_.advance(seconds(31));
  EXPECT_TRUE(peer(0).gone());
  EXPECT_EQ(stats().upstream_cx_max_duration_reached.value(), 1u);
}

TEST_F(ClientConnectionTest, AtItsMaxDurationABusyConnectionFinishesItsRequest) {
  config_->http.edit().max_connection_duration = seconds(30);
  Request request(pool());
  request.start();
  peer(0).accept();
  loop_.advance(seconds(31));
  EXPECT_FALSE(peer(0).gone());
  Request next(pool());
  next.start();
  EXPECT_FALSE(next.sent());
  peer(0).send(kOk);
  EXPECT_TRUE(request.done());
  EXPECT_TRUE(peer(0).gone());
  peer(1).accept();
  EXPECT_TRUE(next.sent());
}

TEST_F(ClientConnectionTest, SendsTheKeepaliveOfTheCluster) {
  config_->tcp_keepalive = config::TcpKeepalive{3, 60, 5};
  Request request(pool());
  request.start();
  EXPECT_TRUE(peer(0).options().keepalive);
  EXPECT_EQ(peer(0).options().keepalive_probes, 3u);
  EXPECT_EQ(peer(0).options().keepalive_time_s, 60u);
  EXPECT_EQ(peer(0).options().keepalive_interval_s, 5u);
}

TEST_F(ClientConnectionTest, CountsOctetsAndTheTimeToConnect) {
  Request request(pool());
  request.start();
  loop_.advance(milliseconds(7));
  peer(0).accept();
  EXPECT_EQ(stats().upstream_cx_connect_ms.count(), 1u);
  EXPECT_EQ(stats().upstream_cx_connect_ms.sum(), 7u);
  peer(0).send(kOk);
  EXPECT_EQ(stats().upstream_cx_rx_bytes_total.value(), kOk.size());
  EXPECT_EQ(stats().upstream_cx_tx_bytes_total.value(), peer(0).received().size());
}

TEST_F(ClientConnectionTest, TheHostKnowsItsLoad) {
  Request a(pool()), b(pool());
  a.start(), b.start();
  peer(0).accept();
  peer(1).accept();
  Host& host = *cluster_->hosts().front();
  EXPECT_EQ(host.active_requests, 2u);
  EXPECT_EQ(host.stats().rq_active.value(), 2);
  peer(0).send(kOk);
  EXPECT_EQ(host.active_requests, 1u);
  EXPECT_EQ(host.stats().rq_total.value(), 2u);
  EXPECT_EQ(host.stats().cx_active.value(), 2);
}

TEST_F(ClientConnectionTest, CloseAllEndsIdleBusyAndConnectingOnes) {
  auto idle = answered();
  Request connecting(pool());
  {
    Request busy(pool());
    busy.start();
    connecting.start();
    ASSERT_EQ(loop_.peer_count(), 2u);
    cluster_->close_all();
    loop_.settle();
    EXPECT_EQ(busy.resets, Resets({http::ResetReason::local_reset}));
  }
  EXPECT_EQ(connecting.failures.size(), 1u);
  EXPECT_TRUE(peer(0).gone());
  EXPECT_TRUE(peer(1).gone());
  EXPECT_EQ(stats().upstream_cx_active.value(), 0);
  EXPECT_EQ(limits().usage->connections.load(), 0u);
}

TEST_F(ClientConnectionTest, AnHttp2UpstreamThatDoesNotAnswerPingsIsLeft) {
  config_->http.edit().version = config::UpstreamHttp::Version::http2;
  config_->http.edit().http2.ping_interval = seconds(10);
  config_->http.edit().http2.ping_timeout = seconds(5);
  Request request(pool());
  request.start();
  peer(0).accept();
  loop_.advance(seconds(25));
  EXPECT_EQ(request.resets, Resets({http::ResetReason::connection_termination}));
  EXPECT_EQ(config_->http2_stats->local<http::Http2Stats>(0).keepalive_timeout.value(), 1u);
  EXPECT_TRUE(peer(0).gone());
}

}  // namespace
}  // namespace outrigger::upstream::test
