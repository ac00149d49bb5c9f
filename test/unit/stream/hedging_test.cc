// Tries that are late go on beside the next one: whichever answers well first is the request's.
#include <string>

#include <gtest/gtest.h>

#include "test/unit/stream/proxy_fixture.h"

namespace outrigger::stream::test {
namespace {

using std::chrono::milliseconds;

constexpr const char* kHedgedGet = "GET /a HTTP/1.1\r\nhost: example.com\r\n\r\n";
constexpr const char* kBadAnswer =
    "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 3\r\n\r\nbad";

std::string good_answer(std::string_view body) {
  return "HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

class Hedging : public ProxyTest {
 protected:
  Hedging() {
    auto retry = std::make_shared<config::RetryPolicy>();
    retry->on = config::retry_on::parse("5xx");
    retry->num_retries = 1;
    retry->per_try_timeout = milliseconds(100);
    retry->base_interval = retry->max_interval = milliseconds(1);
    config::ForwardAction action;
    action.retry = std::move(retry);
    action.hedge_on_per_try_timeout = true;
    forward_by(std::move(action));
  }
  // The first try is late, the second one under way.
  Client hedged() {
    Client client = connect();
    client->send(kHedgedGet);
    upstream(0).accept();
    loop_.advance(milliseconds(110));
    EXPECT_EQ(loop_.peer_count(), 2u);
    upstream(1).accept();
    return client;
  }
};

TEST_F(Hedging, TheLateTryMayStillAnswer) {
  Client client = hedged();
  EXPECT_FALSE(upstream(0).gone());
  upstream(0).send(good_answer("late"));
  EXPECT_TRUE(client->take().ends_with("late"));
  EXPECT_TRUE(upstream(1).gone()) << "the other one is given up";
  EXPECT_EQ(cluster_stats().upstream_rq_retry.value(), 1u);
}

TEST_F(Hedging, TheNextTryMayAnswerFirst) {
  Client client = hedged();
  upstream(1).send(good_answer("next"));
  EXPECT_TRUE(client->take().ends_with("next"));
  EXPECT_TRUE(upstream(0).gone());
}

TEST_F(Hedging, ABadAnswerOfTheLateTryIsDropped) {
  Client client = hedged();
  upstream(0).send(kBadAnswer);
  EXPECT_EQ(client->take(), "");
  upstream(1).send(good_answer("next"));
  EXPECT_TRUE(client->take().ends_with("next"));
}

TEST_F(Hedging, ABadAnswerOfTheNextTryWaitsForTheLateOne) {
  Client client = hedged();
  upstream(1).send(kBadAnswer);
  EXPECT_EQ(client->take(), "");
  upstream(0).send(good_answer("late"));
  EXPECT_TRUE(client->take().ends_with("late"));
}

TEST_F(Hedging, TheLastBadAnswerIsTheClients) {
  Client client = hedged();
  upstream(1).send(kBadAnswer);
  upstream(0).send(kBadAnswer);
  EXPECT_TRUE(client->take().starts_with("HTTP/1.1 503"));
}

TEST_F(Hedging, ATryThatFailsLeavesTheOther) {
  Client client = hedged();
  upstream(1).reset(ECONNRESET);
  EXPECT_EQ(client->take(), "");
  upstream(0).send(good_answer("late"));
  EXPECT_TRUE(client->take().ends_with("late"));
}

TEST_F(Hedging, EndsWithItsClient) {
  Client client = hedged();
  client->reset(ECONNRESET);
  EXPECT_TRUE(upstream(0).gone());
  EXPECT_TRUE(upstream(1).gone());
}

}  // namespace
}  // namespace outrigger::stream::test
