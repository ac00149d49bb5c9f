#include <cerrno>

#include "test/unit/tcp/tcp_fixture.h"

namespace outrigger::tcp::test {
namespace {

TEST_F(TcpTest, ConnectsBeforeTheClientSaysAnything) {
  Client client = connect();
  ASSERT_EQ(loop_.peer_count(), 1u);
  EXPECT_TRUE(upstream(0).connecting());
}

TEST_F(TcpTest, CarriesOctetsBothWays) {
  Client client = connect_through();
  client->send("ping");
  EXPECT_EQ(upstream(0).take(), "ping");
  upstream(0).send("pong");
  EXPECT_EQ(client->take(), "pong");
  EXPECT_EQ(stats().downstream_cx_rx_bytes_total.value(), 4u);
  EXPECT_EQ(stats().downstream_cx_tx_bytes_total.value(), 4u);
}

TEST_F(TcpTest, ReadsNothingBeforeTheUpstreamIsThere) {
  Client client = connect();
  client->send("early");
  EXPECT_EQ(stats().downstream_cx_rx_bytes_total.value(), 0u);
  upstream(0).accept();
  EXPECT_EQ(upstream(0).take(), "early");
}

TEST_F(TcpTest, ClientEndsFirstAndStillReads) {
  Client client = connect_through();
  client->send_and_close("question");
  EXPECT_EQ(upstream(0).take(), "question");
  EXPECT_TRUE(upstream(0).got_fin());
  EXPECT_FALSE(client->got_fin());
  upstream(0).send_and_close("answer");
  EXPECT_EQ(client->take(), "answer");
  EXPECT_TRUE(client->gone());
  EXPECT_TRUE(upstream(0).gone());
  EXPECT_EQ(connections(), 0u);
}

TEST_F(TcpTest, UpstreamEndsFirstAndStillReads) {
  Client client = connect_through();
  upstream(0).send_and_close("hello");
  EXPECT_EQ(client->take(), "hello");
  EXPECT_TRUE(client->got_fin());
  EXPECT_FALSE(upstream(0).gone());
  client->send("more");
  EXPECT_EQ(upstream(0).take(), "more");
  client->close();
  EXPECT_TRUE(upstream(0).got_fin());
  EXPECT_TRUE(upstream(0).gone());
  EXPECT_EQ(connections(), 0u);
}

TEST_F(TcpTest, UpstreamThatReadsLateLosesNothing) {
  Client client = connect_through();
  upstream(0).stall(true);
  upstream(0).close();
  std::string much(300'000, 'x');
  client->send_and_close(much);
  EXPECT_EQ(connections(), 0u);  // the client has nothing to wait for
  EXPECT_FALSE(upstream(0).gone());
  upstream(0).stall(false);
  EXPECT_EQ(upstream(0).take(), much);
  EXPECT_TRUE(upstream(0).gone());
}

TEST_F(TcpTest, ClientThatReadsLateLosesNothing) {
  Client client = connect_through();
  client->stall(true);
  client->close();
  std::string much(300'000, 'x');
  upstream(0).send_and_close(much);
  loop_.advance(milliseconds(60'000));
  ASSERT_FALSE(client->gone());
  client->stall(false);
  EXPECT_EQ(client->take(), much);
  EXPECT_TRUE(client->gone());
}

TEST_F(TcpTest, ClientThatNeverReadsIsGivenUpAfterTheIdleTimeout) {
  config_->idle_timeout = milliseconds(5000);
  Client client = connect_through();
  client->stall(true);
  client->close();
  upstream(0).send_and_close(std::string(300'000, 'x'));
  loop_.advance(milliseconds(4000));
  EXPECT_FALSE(client->gone());
  loop_.advance(milliseconds(3000));
  EXPECT_TRUE(client->gone());
}

TEST_F(TcpTest, SlowUpstreamPausesTheClient) {
  cluster_->buffer_limit_bytes = 1000;
  Client client = connect_through();
  upstream(0).stall(true);
  client->send(std::string(2000, 'a'));
  client->send(std::string(2000, 'b'));
  EXPECT_EQ(stats().downstream_cx_rx_bytes_total.value(), 2000u);
  EXPECT_EQ(stats().downstream_flow_control_paused_reading_total.value(), 1u);
  upstream(0).stall(false);
  EXPECT_EQ(upstream(0).take().size(), 4000u);
  EXPECT_EQ(stats().downstream_flow_control_resumed_reading_total.value(),
            stats().downstream_flow_control_paused_reading_total.value());
}

TEST_F(TcpTest, SlowClientPausesTheUpstream) {
  listener_config_->buffer_limit_bytes = 1000;
  Client client = connect_through();
  client->stall(true);
  upstream(0).send(std::string(2000, 'a'));
  upstream(0).send(std::string(2000, 'b'));
  EXPECT_EQ(stats().downstream_cx_tx_bytes_total.value(), 2000u);
  EXPECT_EQ(cluster_stats().upstream_flow_control_paused_reading_total.value(), 1u);
  client->stall(false);
  EXPECT_EQ(client->take().size(), 4000u);
}

TEST_F(TcpTest, ResetOfTheClientEndsTheUpstream) {
  Client client = connect_through();
  client->reset(ECONNRESET);
  EXPECT_TRUE(upstream(0).gone());
  EXPECT_EQ(connections(), 0u);
}

TEST_F(TcpTest, ResetOfTheUpstreamEndsTheClientAtOnce) {
  Client client = connect_through();
  upstream(0).reset(ECONNRESET);
  EXPECT_TRUE(client->gone());
  EXPECT_FALSE(client->got_fin());
  EXPECT_EQ(connections(), 0u);
}

TEST_F(TcpTest, ClientIsClosedWhenTheUpstreamRefuses) {
  Client client = connect();
  upstream(0).refuse(ECONNREFUSED);
  EXPECT_TRUE(client->got_fin());
  EXPECT_EQ(loop_.peer_count(), 1u);
  EXPECT_EQ(cluster_stats().upstream_cx_connect_attempts_exceeded.value(), 1u);
  loop_.advance(milliseconds(1500));
  EXPECT_EQ(connections(), 0u);
}

TEST_F(TcpTest, TriesAgainAsOftenAsItMay) {
  config_->max_connect_attempts = 3;
  Client client = connect();
  upstream(0).refuse(ECONNREFUSED);
  ASSERT_EQ(loop_.peer_count(), 2u);
  upstream(1).refuse(ECONNREFUSED);
  ASSERT_EQ(loop_.peer_count(), 3u);
  upstream(2).accept();
  client->send("x");
  EXPECT_EQ(upstream(2).take(), "x");
}

TEST_F(TcpTest, WaitsBetweenAttempts) {
  config_->max_connect_attempts = 2;
  config_->backoff_base = config_->backoff_max = milliseconds(1000);
  Client client = connect();
  upstream(0).refuse(ECONNREFUSED);
  EXPECT_EQ(loop_.peer_count(), 1u);
  loop_.advance(milliseconds(1100));
  EXPECT_EQ(loop_.peer_count(), 2u);
}

TEST_F(TcpTest, ConnectTimeoutIsAFailure) {
  cluster_->connect_timeout = milliseconds(300);
  Client client = connect();
  loop_.advance(milliseconds(400));
  EXPECT_TRUE(client->got_fin());
  EXPECT_EQ(cluster_stats().upstream_cx_connect_timeout.value(), 1u);
}

TEST_F(TcpTest, IdleConnectionIsClosedAndActivityKeepsIt) {
  config_->idle_timeout = milliseconds(1000);
  Client client = connect_through();
  loop_.advance(milliseconds(800));
  upstream(0).send("x");
  loop_.advance(milliseconds(800));
  EXPECT_FALSE(client->got_fin());
  loop_.advance(milliseconds(300));
  EXPECT_TRUE(client->got_fin());
  EXPECT_TRUE(upstream(0).gone());
  EXPECT_EQ(stats().idle_timeout.value(), 1u);
}

TEST_F(TcpTest, ConnectionIsClosedAfterItsLongestTime) {
  config_->max_downstream_connection_duration = milliseconds(1000);
  Client client = connect_through();
  loop_.advance(milliseconds(600));
  client->send("x");
  loop_.advance(milliseconds(600));
  EXPECT_TRUE(client->got_fin());
  EXPECT_EQ(stats().max_downstream_connection_duration.value(), 1u);
}

TEST_F(TcpTest, UnknownClusterHasNoRoute) {
  config_->clusters.front().cluster = {"missing", 7};
  Client client = connect();
  EXPECT_TRUE(client->got_fin());
  EXPECT_EQ(loop_.peer_count(), 0u);
  EXPECT_EQ(stats().downstream_cx_no_route.value(), 1u);
}

TEST_F(TcpTest, CircuitBreakerRefusesAtOnce) {
  cluster_->circuit_breakers[0].max_connections = 1;
  Client first = connect_through();
  Client second = connect();
  EXPECT_TRUE(second->got_fin());
  EXPECT_EQ(loop_.peer_count(), 1u);
  EXPECT_EQ(cluster_stats().upstream_cx_overflow.value(), 1u);
}

TEST_F(TcpTest, ClusterWithoutHostsRefuses) {
  cluster_ = outrigger::test::cluster({});
  Client client = connect();
  EXPECT_TRUE(client->got_fin());
  EXPECT_EQ(cluster_stats().upstream_cx_none_healthy.value(), 1u);
}

TEST_F(TcpTest, WaitsForDataWhereTheModeSaysSo) {
  config_->connect_mode = config::TcpProxy::ConnectMode::on_downstream_data;
  config_->max_early_data_bytes = 10;
  Client client = connect();
  EXPECT_EQ(loop_.peer_count(), 0u);
  client->send("early");
  ASSERT_EQ(loop_.peer_count(), 1u);
  client->send("more and more");
  client->send("too much");
  EXPECT_EQ(stats().downstream_cx_rx_bytes_total.value(), 18u);
  upstream(0).accept();
  EXPECT_EQ(upstream(0).take(), "earlymore and moretoo much");
}

TEST_F(TcpTest, ClientThatLeavesBeforeItsFirstOctetNeedsNoUpstream) {
  config_->connect_mode = config::TcpProxy::ConnectMode::on_downstream_data;
  config_->max_early_data_bytes = 10;
  Client client = connect();
  client->close();
  EXPECT_EQ(loop_.peer_count(), 0u);
  EXPECT_EQ(connections(), 0u);
}

TEST_F(TcpTest, DrainLeavesConnectionsAlone) {
  Client client = connect_through();
  listener_->drain(net::DrainPace::soon);
  loop_.settle();
  client->send("x");
  EXPECT_EQ(upstream(0).take(), "x");
  listener_->close_all();
  loop_.settle();
  EXPECT_TRUE(client->gone());
  EXPECT_TRUE(upstream(0).gone());
}

TEST_F(TcpTest, ClientThatLeavesWhileConnectingCancelsTheAttempt) {
  Client client = connect();
  client->reset(ECONNRESET);
  EXPECT_EQ(connections(), 0u);
  upstream(0).accept();  // nobody waits for it any more
  EXPECT_TRUE(client->gone());
}

}  // namespace
}  // namespace outrigger::tcp::test
