// A host that refuses has not looked at the request: another one gets it, with or without a policy.
#include <cerrno>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "test/unit/stream/proxy_fixture.h"

namespace outrigger::stream::test {
namespace {

using std::chrono::milliseconds;

constexpr const char* kPlainGet = "GET /a HTTP/1.1\r\nhost: example.com\r\n\r\n";
constexpr const char* kFine = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine";

std::string post(std::string_view part, size_t length) {
  return "POST /a HTTP/1.1\r\nhost: example.com\r\ncontent-length: " + std::to_string(length) +
         "\r\n\r\n" + std::string(part);
}

class RefusingHost : public ProxyTest {
 protected:
  void use_hosts(std::vector<std::vector<config::EndpointPtr>> priorities) {
    cluster_ = outrigger::test::cluster(std::move(priorities));
  }
  static config::EndpointPtr host(uint16_t port) { return outrigger::test::endpoint(port); }
  void use_policy(std::string_view on, uint32_t retries) {
    auto retry = std::make_shared<config::RetryPolicy>();
    retry->on = config::retry_on::parse(on);
    retry->num_retries = retries;
    retry->base_interval = retry->max_interval = milliseconds(1);
    config::ForwardAction action;
    action.retry = std::move(retry);
    forward_by(std::move(action));
  }
};

TEST_F(RefusingHost, AnotherHostGetsTheRequest) {
  use_hosts({{host(80), host(81)}});
  Client client = connect();
  client->send(kPlainGet);
  upstream(0).refuse(ECONNREFUSED);
  ASSERT_EQ(loop_.peer_count(), 2u);
  upstream(1).accept();
  EXPECT_TRUE(upstream(1).take().starts_with("GET /a"));
  upstream(1).send(kFine);
  EXPECT_TRUE(client->take().ends_with("fine"));
  EXPECT_EQ(cluster_stats().upstream_rq_elsewhere.value(), 1u);
  EXPECT_EQ(cluster_stats().upstream_rq_retry.value(), 0u);
  EXPECT_EQ(cluster_stats().upstream_cx_connect_fail.value(), 1u);
}

TEST_F(RefusingHost, WhatWaitedOfABodyGoesAlongAndTheRestFollows) {
  use_hosts({{host(80), host(81)}});
  Client client = connect();
  client->send(post("first", 9));
  upstream(0).refuse(ECONNREFUSED);
  ASSERT_EQ(loop_.peer_count(), 2u);
  client->send("rest");
  upstream(1).accept();
  EXPECT_TRUE(upstream(1).take().ends_with("firstrest"));
  upstream(1).send(kFine);
  EXPECT_TRUE(client->take().ends_with("fine"));
}

TEST_F(RefusingHost, TheLastAnswerIsTheClients) {
  use_hosts({{host(80), host(81)}});
  Client client = connect();
  client->send(post("all", 3));
  upstream(0).refuse(ECONNREFUSED);
  upstream(1).refuse(ECONNREFUSED);
  EXPECT_TRUE(client->take().starts_with("HTTP/1.1 503"));
  EXPECT_EQ(loop_.peer_count(), 2u);
  client->send(kPlainGet);
  EXPECT_EQ(loop_.peer_count(), 3u) << "the connection goes on";
}

TEST_F(RefusingHost, FourHostsAreAskedAtMost) {
  use_hosts({{host(80), host(81), host(82), host(83), host(84), host(85)}});
  Client client = connect();
  client->send(kPlainGet);
  for (size_t i = 0; i < loop_.peer_count(); ++i) upstream(i).refuse(ECONNREFUSED);
  EXPECT_EQ(loop_.peer_count(), 4u);
  EXPECT_TRUE(client->take().starts_with("HTTP/1.1 503"));
}

TEST_F(RefusingHost, TheNextPriorityServesWhereTheFirstHasNoOther) {
  use_hosts({{host(80)}, {host(81)}});
  Client client = connect();
  client->send(kPlainGet);
  upstream(0).refuse(ECONNREFUSED);
  ASSERT_EQ(loop_.peer_count(), 2u);
  upstream(1).accept();
  upstream(1).send(kFine);
  EXPECT_TRUE(client->take().ends_with("fine"));
}

// One that refuses has the fewest requests, and must not be preferred for that.
class LeastRequestMeetsRefusal : public RefusingHost, public ::testing::WithParamInterface<bool> {};

TEST_P(LeastRequestMeetsRefusal, TheOtherHostIsTried) {
  use_hosts({{host(80), host(81)}});
  cluster_->balancer = config::Cluster::Balancer::least_request;
  cluster_->least_request_choices = 2;
  auto options = std::make_shared<config::BalancerOptions>();
  options->full_scan = GetParam();
  cluster_->balancer_options = options;
  for (int i = 0; i < 20; ++i) {
    Client client = connect();
    client->send(kPlainGet);
    size_t at = loop_.peer_count() - 1;
    upstream(at).refuse(ECONNREFUSED);
    ASSERT_EQ(loop_.peer_count(), at + 2);
    upstream(at + 1).refuse(ECONNREFUSED);
    EXPECT_TRUE(client->take().starts_with("HTTP/1.1 503"));
  }
}

INSTANTIATE_TEST_SUITE_P(OfTwoAndOfAll, LeastRequestMeetsRefusal, ::testing::Bool());

TEST_F(RefusingHost, APolicyComesFirst) {
  use_hosts({{host(80), host(81)}});
  use_policy("connect-failure", 1);
  Client client = connect();
  client->send(kPlainGet);
  upstream(0).refuse(ECONNREFUSED);
  EXPECT_EQ(loop_.peer_count(), 1u) << "its back-off is kept";
  loop_.advance(milliseconds(30));
  ASSERT_EQ(loop_.peer_count(), 2u);
  upstream(1).refuse(ECONNREFUSED);
  EXPECT_EQ(loop_.peer_count(), 2u) << "there is no other";
  EXPECT_TRUE(client->take().starts_with("HTTP/1.1 503"));
  EXPECT_EQ(cluster_stats().upstream_rq_elsewhere.value(), 0u);
  EXPECT_EQ(cluster_stats().upstream_rq_retry_limit_exceeded.value(), 1u);
}

TEST_F(RefusingHost, APolicyIsNotWorseThanNone) {
  use_hosts({{host(80), host(81), host(82)}});
  use_policy("connect-failure", 1);
  Client client = connect();
  client->send(kPlainGet);
  upstream(0).refuse(ECONNREFUSED);
  loop_.advance(milliseconds(30));
  ASSERT_EQ(loop_.peer_count(), 2u);
  upstream(1).refuse(ECONNREFUSED);
  ASSERT_EQ(loop_.peer_count(), 3u) << "its limit is reached, and nothing was sent to anybody";
  upstream(2).accept();
  upstream(2).send(kFine);
  EXPECT_TRUE(client->take().ends_with("fine"));
  EXPECT_EQ(cluster_stats().upstream_rq_retry_limit_exceeded.value(), 0u);
}

TEST_F(RefusingHost, TheLimitsOfAPolicyAreTheAnswerToWhatWasSent) {
  use_hosts({{host(80), host(81), host(82)}});
  use_policy("reset", 1);
  Client client = connect();
  client->send(kPlainGet);
  upstream(0).accept();
  upstream(0).reset(ECONNRESET);
  loop_.advance(milliseconds(30));
  ASSERT_EQ(loop_.peer_count(), 2u);
  upstream(1).accept();
  upstream(1).reset(ECONNRESET);
  EXPECT_EQ(loop_.peer_count(), 2u);
  EXPECT_TRUE(client->take().starts_with("HTTP/1.1 503"));
  EXPECT_EQ(cluster_stats().upstream_rq_retry_limit_exceeded.value(), 1u);
}

TEST_F(RefusingHost, APolicyThatCannotRepeatTheRequestDoesNotForbidIt) {
  use_hosts({{host(80), host(81)}});
  use_policy("connect-failure", 1);
  Client client = connect();
  client->send(post("half", 8));
  upstream(0).refuse(ECONNREFUSED);
  ASSERT_EQ(loop_.peer_count(), 2u);
  client->send("half");
  upstream(1).accept();
  EXPECT_TRUE(upstream(1).take().ends_with("halfhalf"));
}

TEST_F(RefusingHost, APolicyOfOtherConditionsStillCounts) {
  use_hosts({{host(80), host(81)}});
  use_policy("retriable-4xx", 1);
  Client client = connect();
  client->send(post("body", 4));
  upstream(0).refuse(ECONNREFUSED);
  ASSERT_EQ(loop_.peer_count(), 2u);
  upstream(1).accept();
  EXPECT_TRUE(upstream(1).take().ends_with("body"));
  upstream(1).send("HTTP/1.1 409 Conflict\r\ncontent-length: 0\r\n\r\n");
  loop_.advance(milliseconds(30));
  EXPECT_EQ(cluster_stats().upstream_rq_retry.value(), 1u);
}

TEST_F(RefusingHost, AStaleConnectionToAHostThatIsGoneEndsOnAnother) {
  use_hosts({{host(80), host(81)}});
  Client client = connect();
  client->send(kPlainGet);
  upstream(0).accept();
  upstream(0).send(kFine);
  EXPECT_TRUE(client->take().ends_with("fine"));
  client->send(kPlainGet);
  upstream(1).accept();
  upstream(1).send(kFine);
  EXPECT_TRUE(client->take().ends_with("fine"));
  client->send(kPlainGet);  // the first host's turn
  upstream(0).reset(ECONNRESET);
  ASSERT_EQ(loop_.peer_count(), 3u) << "the replay";
  upstream(2).refuse(ECONNREFUSED);
  EXPECT_EQ(loop_.peer_count(), 3u) << "the other host's connection is open";
  EXPECT_NE(upstream(1).received().find("GET /a", 10), std::string::npos);
  upstream(1).send(kFine);
  EXPECT_TRUE(client->take().ends_with("fine"));
  EXPECT_EQ(cluster_stats().upstream_rq_replayed.value(), 1u);
  EXPECT_EQ(cluster_stats().upstream_rq_elsewhere.value(), 1u);
}

TEST_F(RefusingHost, AHostThatEndsANewConnectionIsLeftForAnotherOnce) {
  use_hosts({{host(80), host(81), host(82)}});
  Client client = connect();
  client->send(kPlainGet);
  upstream(0).accept();
  upstream(0).close();
  ASSERT_EQ(loop_.peer_count(), 2u);
  upstream(1).accept();
  upstream(1).reset(ECONNRESET);
  EXPECT_EQ(loop_.peer_count(), 2u) << "it may be the request that ends them";
  EXPECT_TRUE(client->take().starts_with("HTTP/1.1 503"));
}

TEST_F(RefusingHost, WhatIsNotSafeToRepeatIsNotSentToAnother) {
  use_hosts({{host(80), host(81)}});
  Client client = connect();
  client->send(post("", 0));
  upstream(0).accept();
  upstream(0).close();
  EXPECT_EQ(loop_.peer_count(), 1u);
  EXPECT_TRUE(client->take().starts_with("HTTP/1.1 503"));
}

TEST_F(RefusingHost, TheRouteTimeoutHoldsForAllHosts) {
  use_hosts({{host(80), host(81)}});
  config::ForwardAction action;
  action.timeout = milliseconds(100);
  forward_by(std::move(action));
  Client client = connect();
  client->send(kPlainGet);
  loop_.advance(milliseconds(60));
  upstream(0).refuse(ECONNREFUSED);
  ASSERT_EQ(loop_.peer_count(), 2u);
  loop_.advance(milliseconds(60));
  EXPECT_TRUE(client->take().starts_with("HTTP/1.1 504"));
}

TEST_F(RefusingHost, ARequestIsAbandonedWhileItMoves) {
  use_hosts({{host(80), host(81)}});
  Client client = connect();
  client->send(post("half", 8));
  upstream(0).refuse(ECONNREFUSED);
  client->reset(ECONNRESET);
  loop_.settle();
  EXPECT_EQ(cluster_stats().upstream_rq_pending_active.value(), 0);
}

TEST_F(RefusingHost, TheRequestNamesTheHostThatGetsIt) {
  auto named = [](uint16_t port, const char* name) {
    auto made = std::make_shared<config::Endpoint>(*host(port));
    made->hostname = name;
    return made;
  };
  use_hosts({{named(80, "one.test"), named(81, "two.test")}});
  config::ForwardAction action;
  action.auto_host_rewrite = true;
  forward_by(std::move(action));
  Client client = connect();
  client->send(kPlainGet);
  upstream(0).refuse(ECONNREFUSED);
  upstream(1).accept();
  std::string sent = upstream(1).take();
  bool second_is_two = upstream(1).options().address.port() == 81;
  EXPECT_NE(sent.find(second_is_two ? "host: two.test" : "host: one.test"), std::string::npos)
      << sent;
}

}  // namespace
}  // namespace outrigger::stream::test
