// Requests that are sent to another cluster as well, and whose answers nobody waits for.
#include <string>

#include <gtest/gtest.h>

#include "test/unit/stream/proxy_fixture.h"

namespace outrigger::stream::test {
namespace {

using std::chrono::milliseconds;

constexpr const char* kMirroredOk = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

bool says(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

class Mirroring : public ProxyTest {
 protected:
  Mirroring() {
    shadow_->ref = {"shadow", 1};
    more_clusters_.push_back(shadow_);
    config::MirrorPolicy policy;
    policy.cluster = {"shadow", 1};
    policy.fraction.per_million = 1'000'000;
    config::ForwardAction action;
    action.mirrors.push_back(std::move(policy));
    forward_by(std::move(action));
  }
  // Connections open in the order in which the router asks for them: mirrors come first.
  outrigger::test::FakePeer& mirrored() { return upstream(0); }
  outrigger::test::FakePeer& original() { return upstream(1); }
  ClusterStats& shadow_stats() { return shadow_->stats->local<ClusterStats>(0); }

  std::shared_ptr<config::Cluster> shadow_ =
      outrigger::test::cluster({{outrigger::test::endpoint(81)}});
};

TEST_F(Mirroring, TheMirrorGetsTheRequestUnderItsOwnName) {
  Client client = connect();
  client->send("POST /a HTTP/1.1\r\nhost: a.example:80\r\ncontent-length: 5\r\n\r\nhello");
  ASSERT_EQ(loop_.peer_count(), 2u);
  mirrored().accept();
  original().accept();
  std::string request = mirrored().take();
  EXPECT_TRUE(request.starts_with("POST /a HTTP/1.1\r\n")) << request;
  EXPECT_TRUE(says(request, "host: a.example-shadow:80\r\n")) << request;
  EXPECT_TRUE(says(request, "x-envoy-internal: true\r\n")) << request;
  EXPECT_TRUE(request.ends_with("\r\n\r\nhello")) << request;
  std::string own = original().take();
  EXPECT_TRUE(says(own, "host: a.example:80\r\n")) << own;
  EXPECT_FALSE(says(own, "x-envoy-internal")) << own;
}

TEST_F(Mirroring, ItsAnswerIsDroppedAndCounted) {
  Client client = connect();
  client->send("GET /a HTTP/1.1\r\nhost: a\r\n\r\n");
  mirrored().accept();
  original().accept();
  mirrored().send("HTTP/1.1 500 Internal Server Error\r\ncontent-length: 4\r\n\r\nmine");
  EXPECT_EQ(client->take(), "");
  original().send(kMirroredOk);
  EXPECT_TRUE(client->take().ends_with("ok"));
  EXPECT_EQ(shadow_stats().upstream_rq_5xx.value(), 1u);
}

TEST_F(Mirroring, WhatCannotBeReachedCostsTheRequestNothing) {
  Client client = connect();
  client->send("GET /a HTTP/1.1\r\nhost: a\r\n\r\n");
  mirrored().refuse(ECONNREFUSED);
  original().accept();
  original().send(kMirroredOk);
  EXPECT_TRUE(client->take().ends_with("ok"));
}

TEST_F(Mirroring, ItGoesOnWhenTheOriginalIsAnswered) {
  Client client = connect();
  client->send("GET /a HTTP/1.1\r\nhost: a\r\n\r\n");
  original().accept();
  original().send(kMirroredOk);
  EXPECT_TRUE(client->take().ends_with("ok"));
  mirrored().accept();
  EXPECT_TRUE(says(mirrored().take(), "GET /a HTTP/1.1\r\n"));
  mirrored().send(kMirroredOk);
  EXPECT_EQ(shadow_stats().upstream_rq_2xx.value(), 1u);
}

TEST_F(Mirroring, ItIsGivenUpWithARequestThatIsNotComplete) {
  Client client = connect();
  client->send("POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhe");
  mirrored().accept();
  original().accept();
  client->reset(ECONNRESET);
  EXPECT_TRUE(mirrored().gone());
}

TEST_F(Mirroring, OneThatTakesNothingIsLeftBehind) {
  config_->stream_idle_timeout = milliseconds(0);
  Client client = connect();
  client->send("POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: 9000000\r\n\r\n");
  mirrored().accept();
  original().accept();
  mirrored().stall(true);
  for (int i = 0; i < 9; ++i) client->send(std::string(1'000'000, 'x'));
  EXPECT_TRUE(original().take().size() > 8'000'000) << "the original has all of it";
  EXPECT_EQ(shadow_stats().retry_or_shadow_abandoned.value(), 1u);
  original().send(kMirroredOk);
  EXPECT_TRUE(client->take().ends_with("ok"));
}

}  // namespace
}  // namespace outrigger::stream::test
