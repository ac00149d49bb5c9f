// Health checks of one endpoint over a network in memory: what is asked, what an answer means, when
// the next check is.
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "proxy/health/grpc_check.h"
#include "proxy/health/health_checker.h"
#include "proxy/health/payload_match.h"
#include "test/unit/support/cluster.h"
#include "test/unit/support/fake_loop.h"

namespace outrigger::health::test {
namespace {

using namespace std::chrono_literals;
using outrigger::test::FakePeer;

struct Events final : CheckEvents {
  void on_event(const config::Cluster&, const config::HealthCheck&, const upstream::HostState&,
                const CheckNote& note) override {
    static constexpr const char* kNames[] = {"eject",   "add",      "success",
                                             "failure", "degraded", "no longer degraded"};
    lines.emplace_back(kNames[static_cast<size_t>(note.event)]);
  }
  std::vector<std::string> lines;
};

class Checks : public ::testing::Test {
 protected:
  Checks() {
    check_.timeout = 1s;
    check_.interval = check_.unhealthy_interval = check_.unhealthy_edge_interval =
        check_.healthy_edge_interval = 10s;
    check_.unhealthy_threshold = check_.healthy_threshold = 2;
  }
  void http() {
    config::HealthCheck::Http http;
    http.path = "/health";
    http.expected = {{200, 201}};
    check_.http = http;
  }
  void start() {
    cluster_ = outrigger::test::cluster({{outrigger::test::endpoint(80)}});
    cluster_->health_check_stats = outrigger::test::scope<HealthCheckStats>("");
    // A cluster that requests went to.
    cluster_->stats->local<ClusterStats>(0).upstream_cx_total.inc();
    host_ = std::make_shared<upstream::HostState>(std::make_shared<upstream::HostWatch>(),
                                                  cluster_->endpoints->localities[0].endpoints[0]);
    host_->set(HealthFlag::kFailedActiveCheck);
    CheckContext context{loop_,
                         cluster_,
                         std::make_shared<config::HealthCheck>(check_),
                         [] { return uint64_t{0}; },
                         &events_,
                         [this](upstream::HostState&, Transition transition, bool healthy) {
                           results_.push_back(healthy ? '+' : '-');
                           if (transition == Transition::changed) results_.push_back('!');
                         }};
    checker_ = std::make_unique<HealthChecker>(std::move(context));
    checker_->set_hosts({host_});
    pass(1ms);
  }
  void pass(std::chrono::milliseconds time) { loop_.advance(time); }
  FakePeer& peer() { return loop_.peer(loop_.peer_count() - 1); }
  bool failed() { return host_->has(HealthFlag::kFailedActiveCheck); }
  HealthCheckStats& stats() {
    return cluster_->health_check_stats->local<HealthCheckStats>(StatsScope::kMainThread);
  }
  void answer(std::string_view head) {
    peer().send(std::string(head) + "\r\ncontent-length: 0\r\n\r\n");
  }

  outrigger::test::FakeLoop loop_;
  config::HealthCheck check_;
  std::shared_ptr<config::Cluster> cluster_;
  upstream::HostStatePtr host_;
  Events events_;
  std::unique_ptr<HealthChecker> checker_;
  std::string results_;
};

TEST_F(Checks, TheFirstGoodAnswerIsEnough) {
  http();
  start();
  peer().accept();
  EXPECT_EQ(peer().take(), "GET /health HTTP/1.1\r\nhost: backend\r\nuser-agent: Envoy/HC\r\n\r\n");
  EXPECT_FALSE(checker_->all_checked());
  answer("HTTP/1.1 200 OK");
  EXPECT_FALSE(failed());
  EXPECT_EQ(results_, "+!");
  EXPECT_TRUE(checker_->all_checked());
  EXPECT_EQ(stats().attempt.value(), 1u);
  EXPECT_EQ(stats().success.value(), 1u);
  EXPECT_EQ(stats().healthy.value(), 1);
  EXPECT_EQ(events_.lines, std::vector<std::string>({"add"}));
}

TEST_F(Checks, TheConnectionServesTheNextCheck) {
  http();
  start();
  peer().accept();
  answer("HTTP/1.1 200 OK");
  pass(10s);
  EXPECT_EQ(loop_.peer_count(), 1u);
  answer("HTTP/1.1 200 OK");
  EXPECT_EQ(results_, "+!+");
}

TEST_F(Checks, WithoutReuseEachCheckConnects) {
  check_.reuse_connection = false;
  http();
  start();
  peer().accept();
  answer("HTTP/1.1 200 OK");
  EXPECT_TRUE(peer().gone());
  pass(10s);
  EXPECT_EQ(loop_.peer_count(), 2u);
}

TEST_F(Checks, AWrongStatusCountsAtOnce) {
  http();
  start();
  peer().accept();
  answer("HTTP/1.1 200 OK");
  pass(10s);
  answer("HTTP/1.1 503 No");
  EXPECT_TRUE(failed());
  EXPECT_EQ(stats().healthy.value(), 0);
  EXPECT_EQ(stats().network_failure.value(), 0u);
  // Back after as many good ones as the threshold says.
  pass(10s);
  answer("HTTP/1.1 200 OK");
  EXPECT_TRUE(failed());
  pass(10s);
  answer("HTTP/1.1 200 OK");
  EXPECT_FALSE(failed());
  EXPECT_EQ(events_.lines, std::vector<std::string>({"add", "eject", "add"}));
}

TEST_F(Checks, ARetriableStatusNeedsAsManyAsTheThreshold) {
  http();
  check_.http->retriable = {{500, 600}};
  start();
  peer().accept();
  answer("HTTP/1.1 200 OK");
  pass(10s);
  answer("HTTP/1.1 503 No");
  EXPECT_FALSE(failed());
  pass(10s);
  answer("HTTP/1.1 503 No");
  EXPECT_TRUE(failed());
}

TEST_F(Checks, ATimeoutIsANetworksFailure) {
  http();
  check_.unhealthy_threshold = 1;
  start();
  peer().accept();
  pass(1s);
  EXPECT_TRUE(peer().gone());
  EXPECT_EQ(stats().network_failure.value(), 1u);
  EXPECT_TRUE(host_->has(HealthFlag::kActiveCheckTimeout));
  EXPECT_EQ(events_.lines, std::vector<std::string>({"failure"}));
  pass(10s);
  EXPECT_EQ(loop_.peer_count(), 2u);
}

TEST_F(Checks, ARefusedConnectionAndOneThatEndsAreFailures) {
  http();
  start();
  peer().refuse(ECONNREFUSED);
  EXPECT_EQ(results_, "-");
  pass(10s);
  peer().accept();
  peer().close();
  EXPECT_EQ(results_, "--");
  EXPECT_TRUE(peer().gone());
}

TEST_F(Checks, AConnectionThatEndsBetweenChecksIsNoFailure) {
  http();
  start();
  peer().accept();
  answer("HTTP/1.1 200 OK");
  peer().close();
  EXPECT_EQ(results_, "+!");
  EXPECT_TRUE(peer().gone());
  pass(10s);
  peer().accept();
  answer("HTTP/1.1 200 OK");
  EXPECT_EQ(results_, "+!+");
}

TEST_F(Checks, AnAnswerMaySayThatItIsDegraded) {
  http();
  start();
  peer().accept();
  answer("HTTP/1.1 200 OK\r\nx-envoy-degraded: 1");
  EXPECT_TRUE(host_->has(HealthFlag::kDegradedByActiveCheck));
  EXPECT_EQ(stats().degraded.value(), 1);
  pass(10s);
  answer("HTTP/1.1 200 OK");
  EXPECT_FALSE(host_->has(HealthFlag::kDegradedByActiveCheck));
  EXPECT_EQ(results_, "+!+!");
}

TEST_F(Checks, TheBodyMustContainWhatIsExpected) {
  http();
  check_.http->receive = {"a", "c"};
  start();
  peer().accept();
  peer().send("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc");
  EXPECT_FALSE(failed());
  pass(10s);
  peer().send("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\ncba");
  EXPECT_TRUE(failed());
}

TEST_F(Checks, ARefusalInAResponseFailsItAtOnce) {
  http();
  start();
  peer().accept();
  answer("HTTP/1.1 200 OK");
  checker_->refuse(*host_);
  EXPECT_TRUE(failed());
  EXPECT_EQ(stats().passive_failure.value(), 1u);
}

TEST_F(Checks, WithoutTrafficChecksAreRare) {
  http();
  check_.no_traffic_interval = 60s;
  check_.no_traffic_healthy_interval = 90s;
  start();
  cluster_->stats = outrigger::test::scope<ClusterStats>("");
  peer().accept();
  answer("HTTP/1.1 200 OK");
  pass(89s);
  EXPECT_EQ(stats().attempt.value(), 1u);
  pass(1s);
  EXPECT_EQ(stats().attempt.value(), 2u);
}

TEST_F(Checks, ConnectingIsEnoughForTcp) {
  check_.tcp.emplace();
  start();
  peer().accept();
  EXPECT_FALSE(failed());
  EXPECT_TRUE(peer().gone());
}

TEST_F(Checks, TcpSendsAndWaitsForItsAnswerInParts) {
  auto& tcp = check_.tcp.emplace();
  tcp.send = "ping";
  tcp.receive = {"po", "ng"};
  start();
  peer().accept();
  EXPECT_EQ(peer().take(), "ping");
  peer().send("..po-");
  EXPECT_TRUE(failed());
  peer().send("ng");
  EXPECT_FALSE(failed());
  pass(10s);
  EXPECT_EQ(peer().take(), "ping");
  peer().close();
  EXPECT_EQ(results_, "+!-");
}

TEST_F(Checks, WhoGoesIsNotAskedAnyMore) {
  http();
  start();
  peer().accept();
  checker_->set_hosts({});
  pass(1ms);
  EXPECT_TRUE(peer().gone());
  EXPECT_EQ(results_, "");
  pass(60s);
  EXPECT_EQ(loop_.peer_count(), 1u);
}

TEST(PayloadMatch, PartsComeInTheirOrder) {
  EXPECT_TRUE(matches_in_order({}, ""));
  EXPECT_TRUE(matches_in_order({"a", "b"}, "xaxb"));
  EXPECT_FALSE(matches_in_order({"a", "b"}, "ba"));
  EXPECT_FALSE(matches_in_order({"aa", "a"}, "aa"));
}

TEST(GrpcHealth, AskedByNameAndAnsweredByNumber) {
  EXPECT_EQ(health_request(""), std::string(5, '\0'));
  EXPECT_EQ(health_request("s"), std::string("\0\0\0\0\3\n\1s", 8));
  EXPECT_TRUE(says_serving(std::string("\0\0\0\0\2\x08\1", 7)));
  EXPECT_FALSE(says_serving(std::string("\0\0\0\0\2\x08\2", 7)));
  EXPECT_FALSE(says_serving(std::string("\0\0\0\0\0", 5)));
  EXPECT_FALSE(says_serving(""));
  EXPECT_FALSE(says_serving(std::string("\0\0\0\0\2\x08", 6)));
}

}  // namespace
}  // namespace outrigger::health::test
