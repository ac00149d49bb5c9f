// Whole requests through a connection, its streams, the router and the pool, in simulated time.
#include "proxy/stream/http_connection.h"

#include <gtest/gtest.h>

#include "test/unit/stream/proxy_fixture.h"

namespace outrigger::stream::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string get(std::string_view path) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nhost: example.com\r\n\r\n";
}
std::string ok(std::string_view body) {
  return "HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}
std::string status_line(std::string_view response) {
  return std::string(response.substr(0, response.find("\r\n")));
}
bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

class HttpConnectionTest : public ProxyTest {};

TEST_F(HttpConnectionTest, AnswersADirectResponseWithoutAnUpstream) {
  Client client = connect();
  client->send(get("/direct"));
  std::string response = client->take();
  EXPECT_EQ(status_line(response), "HTTP/1.1 200 OK");
  EXPECT_TRUE(response.ends_with("\r\n\r\nhere")) << response;
  EXPECT_TRUE(contains(response, "date: Thu, 01 Jan 2026 00:00:00 GMT")) << response;
  EXPECT_EQ(loop_.peer_count(), 0u);
  EXPECT_FALSE(client->got_fin());
}

TEST_F(HttpConnectionTest, PipelinedRequestsAreAnsweredInTheirOrder) {
  Client client = connect();
  client->send(get("/direct") + get("/a") + get("/direct"));
  EXPECT_TRUE(client->take().ends_with("here"));
  upstream(0).accept();
  EXPECT_EQ(client->take(), "") << "the third waits for the second";
  upstream(0).send(ok("from a"));
  std::string rest = client->take();
  size_t second = rest.find("from a");
  size_t third = rest.find("here");
  ASSERT_NE(second, std::string::npos) << rest;
  ASSERT_NE(third, std::string::npos) << rest;
  EXPECT_LT(second, third);
  EXPECT_EQ(stats().downstream_rq_total.value(), 3u);
  EXPECT_EQ(stats().downstream_rq_2xx.value(), 3u);
}

TEST_F(HttpConnectionTest, ForwardsTheRequestAndItsResponse) {
  Client client = connect();
  client->send("POST /x HTTP/1.1\r\nhost: example.com\r\ncontent-length: 5\r\n\r\nab");
  upstream(0).accept();
  client->send("cde");
  std::string request = upstream(0).take();
  EXPECT_TRUE(request.starts_with("POST /x HTTP/1.1\r\n")) << request;
  EXPECT_TRUE(request.ends_with("\r\n\r\nabcde")) << request;
  upstream(0).send(ok("thanks"));
  EXPECT_TRUE(client->take().ends_with("thanks"));
}

TEST_F(HttpConnectionTest, AStaleUpstreamConnectionCostsNoRequest) {
  Client client = connect();
  client->send(get("/one"));
  upstream(0).accept();
  upstream(0).send(ok("one"));
  EXPECT_TRUE(client->take().ends_with("one"));
  client->send(get("/two"));
  upstream(0).close();  // it had timed out over there
  ASSERT_EQ(loop_.peer_count(), 2u);
  EXPECT_EQ(client->take(), "");
  upstream(1).accept();
  upstream(1).send(ok("two"));
  EXPECT_TRUE(client->take().ends_with("two"));
}

TEST_F(HttpConnectionTest, ARefusedUpstreamIsA503ThatSaysWhy) {
  Client client = connect();
  client->send(get("/"));
  upstream(0).refuse(111);
  std::string response = client->take();
  EXPECT_EQ(status_line(response), "HTTP/1.1 503 Service Unavailable");
  EXPECT_TRUE(contains(response, "Connection refused")) << response;
}

TEST_F(HttpConnectionTest, TheRoutesTimeoutIsA504AndGivesTheUpstreamUp) {
  Client client = connect();
  client->send(get("/"));
  upstream(0).accept();
  loop_.advance(milliseconds(14'990));
  EXPECT_EQ(client->take(), "");
  loop_.advance(milliseconds(20));
  std::string response = client->take();
  EXPECT_EQ(status_line(response), "HTTP/1.1 504 Gateway Timeout");
  EXPECT_TRUE(response.ends_with("upstream request timeout")) << response;
  EXPECT_TRUE(upstream(0).gone());
}

TEST_F(HttpConnectionTest, AHeadThatDoesNotComeIsA408) {
  config_->request_headers_timeout = seconds(5);
  Client client = connect();
  client->send("GET / HTTP/1.1\r\nhost: exa");
  loop_.advance(milliseconds(4'990));
  EXPECT_EQ(client->take(), "");
  loop_.advance(milliseconds(20));
  EXPECT_EQ(status_line(client->take()), "HTTP/1.1 408 Request Timeout");
  EXPECT_EQ(stats().downstream_rq_header_timeout.value(), 1u);
}

TEST_F(HttpConnectionTest, ABodyThatDoesNotEndIsA408) {
  config_->request_timeout = seconds(5);
  Client client = connect();
  client->send("POST / HTTP/1.1\r\nhost: example.com\r\ncontent-length: 5\r\n\r\nab");
  upstream(0).accept();
  loop_.advance(milliseconds(5'010));
  EXPECT_EQ(status_line(client->take()), "HTTP/1.1 408 Request Timeout");
  EXPECT_EQ(stats().downstream_rq_timeout.value(), 1u);
}

TEST_F(HttpConnectionTest, AnIdleConnectionIsClosed) {
  config_->idle_timeout = seconds(60);
  Client client = connect();
  client->send(get("/direct"));
  loop_.advance(milliseconds(59'990));
  EXPECT_FALSE(client->got_fin());
  loop_.advance(milliseconds(20));
  EXPECT_TRUE(client->got_fin());
  EXPECT_EQ(stats().downstream_cx_idle_timeout.value(), 1u);
  client->close();
  EXPECT_TRUE(client->gone());
  EXPECT_EQ(listener_->connection_count(), 0u);
}

TEST_F(HttpConnectionTest, AClientThatDoesNotCloseItsSideIsCutOff) {
  Client client = connect();
  client->send("GET /direct HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
  EXPECT_TRUE(client->got_fin());
  EXPECT_FALSE(client->gone());
  loop_.advance(milliseconds(1'010));
  EXPECT_TRUE(client->gone());
  EXPECT_EQ(stats().downstream_cx_delayed_close_timeout.value(), 1u);
}

TEST_F(HttpConnectionTest, AClientThatLeavesTakesItsUpstreamRequestAlong) {
  Client client = connect();
  client->send(get("/"));
  upstream(0).accept();
  client->close();
  EXPECT_TRUE(client->gone());
  EXPECT_TRUE(upstream(0).gone());
  EXPECT_EQ(stats().downstream_rq_active.value(), 0);
  EXPECT_EQ(stats().downstream_cx_destroy_remote_active_rq.value(), 1u);
  EXPECT_EQ(cluster_->circuit_breakers[0].usage->requests.load(), 0u);
}

TEST_F(HttpConnectionTest, ADrainLetsTheRequestFinishAndSaysClose) {
  Client client = connect();
  client->send(get("/"));
  upstream(0).accept();
  listener_->drain(net::DrainPace::soon);
  loop_.advance(seconds(2));
  EXPECT_FALSE(client->got_fin());
  upstream(0).send(ok("done"));
  std::string response = client->take();
  EXPECT_TRUE(contains(response, "connection: close")) << response;
  EXPECT_TRUE(response.ends_with("done"));
  EXPECT_TRUE(client->got_fin());
}

TEST_F(HttpConnectionTest, ADrainAnswersTheRequestThatIsOnItsWay) {
  Client client = connect();
  client->send(get("/direct"));
  client->take();
  listener_->drain(net::DrainPace::soon);
  loop_.advance(milliseconds(100));
  EXPECT_FALSE(client->got_fin());
  client->send(get("/direct"));
  EXPECT_TRUE(contains(client->take(), "connection: close"));
  EXPECT_TRUE(client->got_fin());
}

TEST_F(HttpConnectionTest, ADrainClosesAnIdleConnectionAfterItsGrace) {
  Client client = connect();
  client->send(get("/direct"));
  listener_->drain(net::DrainPace::soon);
  loop_.advance(milliseconds(240));
  EXPECT_FALSE(client->got_fin());
  loop_.advance(milliseconds(20));
  EXPECT_TRUE(client->got_fin());
  EXPECT_EQ(stats().downstream_cx_drain_close.value(), 1u);
}

TEST_F(HttpConnectionTest, AnUnhurriedDrainLeavesAnIdleConnectionToItsNextRequest) {
  Client client = connect();
  client->send(get("/direct"));
  EXPECT_FALSE(contains(client->take(), "connection: close"));
  listener_->drain(net::DrainPace::unhurried);
  loop_.advance(seconds(10));
  EXPECT_FALSE(client->got_fin());
  client->send(get("/direct"));
  EXPECT_TRUE(contains(client->take(), "connection: close"));
  EXPECT_TRUE(client->got_fin());
}

TEST_F(HttpConnectionTest, AnUnhurriedDrainClosesBehindTheRequestThatIsThere) {
  Client client = connect();
  client->send(get("/"));
  upstream(0).accept();
  listener_->drain(net::DrainPace::unhurried);
  upstream(0).send(ok("done"));
  EXPECT_TRUE(contains(client->take(), "connection: close"));
  EXPECT_TRUE(client->got_fin());
}

// The head is gone without a word of closing, so the client may reuse the connection.
TEST_F(HttpConnectionTest, AnUnhurriedDrainDuringAResponseWaitsForTheNextOne) {
  Client client = connect();
  client->send(get("/"));
  upstream(0).accept();
  upstream(0).send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab");
  listener_->drain(net::DrainPace::unhurried);
  upstream(0).send("cd");
  EXPECT_TRUE(client->take().ends_with("abcd"));
  EXPECT_FALSE(client->got_fin());
  client->send(get("/direct"));
  EXPECT_TRUE(contains(client->take(), "connection: close"));
  EXPECT_TRUE(client->got_fin());
}

TEST_F(HttpConnectionTest, AGradualDrainEndsConnectionsAfterEverMoreOfTheirResponses) {
  server().ramp.configure(true, seconds(100));
  Client client = connect();
  client->send(get("/direct"));
  client->take();
  listener_->drain(net::DrainPace::strategic);
  client->send(get("/direct"));
  EXPECT_FALSE(contains(client->take(), "connection: close")) << "no time has passed";
  EXPECT_EQ(stats().downstream_cx_drain_close.value(), 0u);
  loop_.advance(seconds(99));
  listener_->drain(net::DrainPace::strategic);  // it goes on as it began
  loop_.advance(seconds(1));
  client->send(get("/direct"));
  EXPECT_TRUE(contains(client->take(), "connection: close"));
  EXPECT_TRUE(client->got_fin());
  EXPECT_EQ(stats().downstream_cx_drain_close.value(), 1u);
}

TEST_F(HttpConnectionTest, AnImmediateDrainEndsAConnectionWithItsNextResponse) {
  server().ramp.configure(false, seconds(100));
  Client client = connect();
  client->send(get("/direct"));
  client->take();
  listener_->drain(net::DrainPace::strategic);
  client->send(get("/direct"));
  EXPECT_TRUE(contains(client->take(), "connection: close"));
}

TEST_F(HttpConnectionTest, ASlowClientStopsTheUpstream) {
  Client client = connect();
  client->send(get("/"));
  upstream(0).accept();
  client->stall(true);
  std::string body(3 * 1024 * 1024, 'x');
  upstream(0).send("HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(2 * body.size()) +
                   "\r\n\r\n" + body);
  upstream(0).send(body);
  EXPECT_EQ(client->received(), "");
  EXPECT_EQ(
      cluster_->stats->local<ClusterStats>(0).upstream_cx_rx_bytes_total.value() / body.size(), 1u)
      << "the second half is not read";
  client->stall(false);
  EXPECT_TRUE(client->received().ends_with(body + body));
}

}  // namespace
}  // namespace outrigger::stream::test
