// A request whose host is not known yet waits for its address, with what has come of its body.
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/stream/proxy_fixture.h"
#include "test/unit/support/dns_cache.h"

namespace outrigger::stream::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class NamedHost : public ProxyTest {
 protected:
  NamedHost() {
    cluster_ = outrigger::test::cluster({});
    cluster_->discovery = config::Cluster::Discovery::dynamic_forward_proxy;
    cluster_->dns_cache = cache_;
  }
  static std::string get(const std::string& host) {
    return "GET /a HTTP/1.1\r\nhost: " + host + "\r\n\r\n";
  }
  void answer(const std::string& key) { cache_->answer(cache_->know(key, {"10.0.0.1"})); }

  std::shared_ptr<outrigger::test::FakeDnsCache> cache_ =
      std::make_shared<outrigger::test::FakeDnsCache>();
};

constexpr const char* kOk = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine";

TEST_F(NamedHost, AKnownOneIsNotAskedFor) {
  cache_->know("a.test:80", {"10.0.0.1"});
  Client client = connect();
  client->send(get("a.test"));
  upstream(0).accept();
  upstream(0).send(kOk);
  EXPECT_TRUE(client->take().ends_with("fine"));
  EXPECT_THAT(cache_->asked, IsEmpty());
}

TEST_F(NamedHost, AnUnknownOneIsWaitedFor) {
  Client client = connect();
  client->send(get("a.test:8080"));
  EXPECT_THAT(cache_->asked, ElementsAre("a.test:8080"));
  EXPECT_EQ(loop_.peer_count(), 0u);
  answer("a.test:8080");
  ASSERT_EQ(loop_.peer_count(), 1u);
  upstream(0).accept();
  EXPECT_TRUE(upstream(0).take().starts_with("GET /a"));
  upstream(0).send(kOk);
  EXPECT_TRUE(client->take().ends_with("fine"));
}

TEST_F(NamedHost, WhatComesOfTheBodyMeanwhileGoesAlong) {
  Client client = connect();
  client->send("POST /a HTTP/1.1\r\nhost: a.test\r\ncontent-length: 9\r\n\r\nfirst");
  answer("a.test:80");
  upstream(0).accept();
  EXPECT_TRUE(upstream(0).take().ends_with("first"));
  client->send("rest");
  EXPECT_TRUE(upstream(0).take().ends_with("rest"));
  upstream(0).send(kOk);
  EXPECT_TRUE(client->take().ends_with("fine"));
}

TEST_F(NamedHost, AClientThatLeavesIsNotRemembered) {
  Client client = connect();
  client->send(get("a.test"));
  client->close();
  loop_.settle();
  EXPECT_EQ(cache_->cancelled, 1u);
  EXPECT_THAT(cache_->waiters, IsEmpty());
}

TEST_F(NamedHost, WithoutAnAddressThereIsNoHost) {
  Client client = connect();
  client->send(get("a.test"));
  cache_->answer(cache_->know("a.test:80", {}, "why"));
  loop_.settle();
  std::string response = client->take();
  EXPECT_TRUE(response.starts_with("HTTP/1.1 503"));
  EXPECT_THAT(response, HasSubstr("no healthy upstream"));
  client->send(get("a.test"));
  EXPECT_TRUE(client->take().starts_with("HTTP/1.1 503")) << "it is known not to have one";
  EXPECT_EQ(cache_->asked.size(), 1u);
  EXPECT_EQ(cluster_stats().upstream_cx_none_healthy.value(), 2u);
}

TEST_F(NamedHost, LimitsAndNonsenseAreAnsweredAtOnce) {
  Client client = connect();
  for (DnsCache::Asked verdict : {DnsCache::Asked::no_room, DnsCache::Asked::too_many_pending}) {
    cache_->verdict = verdict;
    client->send(get("a.test"));
    EXPECT_TRUE(client->take().starts_with("HTTP/1.1 503"));
  }
  cache_->verdict = DnsCache::Asked::waiting;
  client->send(get("a_.%.test"));
  EXPECT_TRUE(client->take().starts_with("HTTP/1.1 503"));
  EXPECT_EQ(cache_->asked.size(), 2u);
  client->send(get("b.test"));
  cache_->answer(nullptr);
  loop_.settle();
  EXPECT_THAT(client->take(), HasSubstr(" 503 "));
  EXPECT_EQ(loop_.peer_count(), 0u);
}

TEST_F(NamedHost, TheRoutesNameForItCounts) {
  config::ForwardAction action;
  action.host_rewrite = "b.test:90";
  forward_by(std::move(action));
  cache_->know("a.test:80", {"10.0.0.1"});
  Client client = connect();
  client->send(get("a.test"));
  EXPECT_THAT(cache_->asked, ElementsAre("b.test:90"));
}

}  // namespace
}  // namespace outrigger::stream::test
