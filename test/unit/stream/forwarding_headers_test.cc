// Who the client is, what it may say, and what stays on its hop.
#include "proxy/stream/forwarding_headers.h"

#include <regex>

#include <gtest/gtest.h>

#include "test/unit/stream/messages.h"
#include "test/unit/support/tls.h"

namespace outrigger::stream::test {
namespace {

class Forwarding : public ::testing::Test {
 protected:
  Forwarding() {
    from("203.0.113.9");
    connection_.local = *net::Address::from_ip("198.51.100.1", 8443);
  }
  void from(std::string_view ip) {
    connection_.direct_remote = connection_.remote = *net::Address::from_ip(ip, 50000);
  }
  void trust(std::string_view ip, uint32_t bits) {
    config_.internal_addresses.ranges.push_back(*net::Cidr::from_ip(ip, bits));
  }
  void apply(Head& head) {
    apply_forwarding_headers(config_, routes_, connection_, *head, info_, random_);
  }
  std::string client() const { return info_.downstream_remote.ip_text(); }

  config::HttpConnectionManager config_;
  config::RouteTable routes_;
  DownstreamConnectionInfo connection_;
  StreamInfo info_;
  Random random_{1};
};

TEST_F(Forwarding, AtTheEdgeTheSocketIsTheClient) {
  config_.use_remote_address = true;
  Head head({});
  apply(head);
  EXPECT_EQ(client(), "203.0.113.9");
  EXPECT_EQ(head->get("x-forwarded-for"), "203.0.113.9");
  EXPECT_EQ(head->get("x-envoy-external-address"), "203.0.113.9");
}

TEST_F(Forwarding, AtTheEdgeWhatTheClientClaimsIsKeptButNotBelieved) {
  config_.use_remote_address = true;
  Head head({{"x-forwarded-for", "10.0.0.1"}, {"x-forwarded-proto", "https"}});
  apply(head);
  EXPECT_EQ(client(), "203.0.113.9");
  EXPECT_EQ(head->get("x-forwarded-for"), "10.0.0.1,203.0.113.9");
  EXPECT_EQ(head->get("x-forwarded-proto"), "http");
}

TEST_F(Forwarding, WhomAProxyHeaderNamesIsAddedAndNotTheSocketsPeer) {
  config_.use_remote_address = true;
  connection_.direct_remote = *net::Address::from_ip("127.0.0.1", 50000);
  connection_.remote = *net::Address::from_ip("203.0.113.77", 50000);
  Head head({});
  apply(head);
  EXPECT_EQ(head->get("x-forwarded-for"), "203.0.113.77");
}

TEST_F(Forwarding, AnotherLoopbackAddressIsSaidAsItIs) {
  config_.use_remote_address = true;
  from("127.0.0.7");
  Head head({});
  apply(head);
  EXPECT_EQ(head->get("x-forwarded-for"), "127.0.0.7");
}

TEST_F(Forwarding, TrustedHopsAreCountedFromTheRight) {
  config_.use_remote_address = true;
  config_.xff_num_trusted_hops = 2;
  Head head({{"x-forwarded-for", "192.0.2.1, 192.0.2.2,192.0.2.3"}});
  apply(head);
  EXPECT_EQ(client(), "192.0.2.2");
  EXPECT_EQ(head->get("x-forwarded-for"), "192.0.2.1, 192.0.2.2,192.0.2.3,203.0.113.9");
}

TEST_F(Forwarding, TooFewHopsOrNoAddressFallBackToTheSocket) {
  config_.use_remote_address = true;
  config_.xff_num_trusted_hops = 2;
  Head few({{"x-forwarded-for", "192.0.2.1"}});
  apply(few);
  EXPECT_EQ(client(), "203.0.113.9");
  Head nonsense({{"x-forwarded-for", "unknown, 192.0.2.1"}});
  apply(nonsense);
  EXPECT_EQ(client(), "203.0.113.9");
}

TEST_F(Forwarding, BehindAnEdgeTheListSaysWhoTheClientIs) {
  Head last({{"x-forwarded-for", "192.0.2.1, 192.0.2.2"}});
  apply(last);
  EXPECT_EQ(client(), "192.0.2.2");
  EXPECT_EQ(last->get("x-forwarded-for"), "192.0.2.1, 192.0.2.2") << "nothing is appended";
  config_.xff_num_trusted_hops = 1;
  Head second({{"x-forwarded-for", "192.0.2.1, 192.0.2.2"}});
  apply(second);
  EXPECT_EQ(client(), "192.0.2.1");
}

TEST_F(Forwarding, SkipXffAppendLeavesTheListAlone) {
  config_.use_remote_address = true;
  config_.skip_xff_append = true;
  Head head({{"x-forwarded-for", "192.0.2.1"}});
  apply(head);
  EXPECT_EQ(head->get("x-forwarded-for"), "192.0.2.1");
}

TEST_F(Forwarding, AnExternalRequestLosesWhatOnlyTrustedOnesMaySay) {
  config_.use_remote_address = true;
  routes_.internal_only_headers = {"x-team"};
  Head head({{"x-envoy-internal", "true"},
             {"x-envoy-max-retries", "9"},
             {"x-envoy-upstream-rq-timeout-ms", "1"},
             {"x-envoy-decorator-operation", "op"},
             {"x-envoy-original-path", "/x"},
             {"x-team", "red"},
             {"x-other", "stays"}});
  apply(head);
  for (const char* name :
       {"x-envoy-internal", "x-envoy-max-retries", "x-envoy-upstream-rq-timeout-ms",
        "x-envoy-decorator-operation", "x-envoy-original-path", "x-team"})
    EXPECT_EQ(head->find(name), nullptr) << name;
  EXPECT_EQ(head->get("x-other"), "stays");
}

TEST_F(Forwarding, BehindTheEdgeTheEdgesOwnHeadersStay) {
  Head head({{"x-envoy-max-retries", "9"}, {"x-envoy-decorator-operation", "op"}});
  apply(head);
  EXPECT_EQ(head->find("x-envoy-max-retries"), nullptr);
  EXPECT_EQ(head->get("x-envoy-decorator-operation"), "op");
  EXPECT_EQ(head->find("x-envoy-external-address"), nullptr);
}

TEST_F(Forwarding, AnInternalClientIsTrusted) {
  config_.use_remote_address = true;
  trust("10.0.0.0", 8);
  from("10.1.2.3");
  Head head({{"x-envoy-max-retries", "9"}});
  apply(head);
  EXPECT_EQ(head->get("x-envoy-internal"), "true");
  EXPECT_EQ(head->get("x-envoy-max-retries"), "9");
  EXPECT_EQ(head->find("x-envoy-external-address"), nullptr);
}

TEST_F(Forwarding, AnInternalAddressThatSpeaksForAnotherIsNot) {
  config_.use_remote_address = true;
  trust("10.0.0.0", 8);
  from("10.1.2.3");
  Head head({{"x-forwarded-for", "10.9.9.9"}, {"x-envoy-max-retries", "9"}});
  apply(head);
  EXPECT_EQ(head->find("x-envoy-internal"), nullptr);
  EXPECT_EQ(head->find("x-envoy-max-retries"), nullptr);
}

TEST_F(Forwarding, BehindTheEdgeOneInternalAddressInTheListIsTrusted) {
  trust("10.0.0.0", 8);
  Head one({{"x-forwarded-for", "10.9.9.9"}});
  apply(one);
  EXPECT_EQ(one->get("x-envoy-internal"), "true");
  Head two({{"x-forwarded-for", "10.9.9.9, 10.9.9.8"}});
  apply(two);
  EXPECT_EQ(two->find("x-envoy-internal"), nullptr);
}

TEST_F(Forwarding, TheRequestIdOfAnExternalClientIsReplaced) {
  config_.use_remote_address = true;
  Head head({{"x-request-id", "mine"}});
  apply(head);
  EXPECT_NE(head->get("x-request-id"), "mine");
  EXPECT_EQ(info_.request_id, head->get("x-request-id"));
  config_.preserve_external_request_id = true;
  Head kept({{"x-request-id", "mine"}});
  apply(kept);
  EXPECT_EQ(kept->get("x-request-id"), "mine");
  EXPECT_EQ(info_.request_id, "mine");
}

TEST_F(Forwarding, TheRequestIdOfAnotherProxyIsKept) {
  Head head({{"x-request-id", "theirs"}});
  apply(head);
  EXPECT_EQ(head->get("x-request-id"), "theirs");
}

TEST_F(Forwarding, WithoutRequestIdsNoneIsMade) {
  config_.generate_request_id = false;
  Head head({});
  apply(head);
  EXPECT_EQ(head->find("x-request-id"), nullptr);
}

TEST_F(Forwarding, ARequestIdIsAUuidAndNeverTheSameTwice) {
  ChunkPool pool;
  Arena arena(pool);
  std::string first(make_request_id(random_, arena));
  std::string second(make_request_id(random_, arena));
  std::regex version_4("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  EXPECT_TRUE(std::regex_match(first, version_4)) << first;
  EXPECT_TRUE(std::regex_match(second, version_4)) << second;
  EXPECT_NE(first, second);
}

TEST_F(Forwarding, SchemeAndPortFollowTheConnection) {
  outrigger::test::FakeTls tls;
  connection_.tls = &tls;
  config_.append_x_forwarded_port = true;
  Head head({});
  apply(head);
  EXPECT_EQ(head->get("x-forwarded-proto"), "https");
  EXPECT_EQ(head->get("x-forwarded-port"), "8443");
  EXPECT_EQ(head->get(":scheme"), "https");
}

TEST_F(Forwarding, ASchemeThatIsNotOneOfTheTwoIsReplaced) {
  Head head({{":scheme", "javascript"}, {"x-forwarded-proto", "https"}});
  apply(head);
  EXPECT_EQ(head->get(":scheme"), "https");
  config_.scheme_override = "http";
  Head forced({{":scheme", "https"}});
  apply(forced);
  EXPECT_EQ(forced->get(":scheme"), "http");
}

TEST(Via, IsAppended) {
  Head head({});
  append_via(*head, "");
  EXPECT_EQ(head->find("via"), nullptr);
  append_via(*head, "edge-1");
  EXPECT_EQ(head->get("via"), "edge-1");
  append_via(*head, "edge-2");
  EXPECT_EQ(head->get("via"), "edge-1, edge-2");
}

TEST(HopByHop, WhatBelongsToOneHopStaysThere) {
  Head head({{"connection", "keep-alive, X-Secret , te"},
             {"keep-alive", "timeout=5"},
             {"proxy-connection", "close"},
             {"transfer-encoding", "chunked"},
             {"http2-settings", "AAMAAABk"},
             {"upgrade", "h2c"},
             {"te", "gzip"},
             {"x-secret", "hop"},
             {"x-stays", "yes"}});
  remove_hop_by_hop(*head, false);
  EXPECT_EQ(fields_of(*head), (Fields{{"x-stays", "yes"}}));
}

TEST(HopByHop, TeKeepsTrailersOnly) {
  Head head({{"te", "gzip, Trailers"}});
  remove_hop_by_hop(*head, false);
  EXPECT_EQ(head->get("te"), "trailers");
  Head gzip({{"te", "gzip"}});
  remove_hop_by_hop(*gzip, false);
  EXPECT_EQ(gzip->find("te"), nullptr);
}

TEST(HopByHop, ConnectionCannotTakePseudoHeadersAway) {
  Head head({{":path", "/"}, {":authority", "a"}, {"connection", ":path, :authority"}});
  remove_hop_by_hop(*head, false);
  EXPECT_EQ(head->get(":path"), "/");
  EXPECT_EQ(head->get(":authority"), "a");
}

TEST(HopByHop, AnUpgradeKeepsItsTwoHeaders) {
  Head head({{"connection", "Upgrade"}, {"upgrade", "websocket"}, {"keep-alive", "x"}});
  remove_hop_by_hop(*head, true);
  EXPECT_EQ(fields_of(*head), (Fields{{"connection", "Upgrade"}, {"upgrade", "websocket"}}));
}

}  // namespace
}  // namespace outrigger::stream::test
