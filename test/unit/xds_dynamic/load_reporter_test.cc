// Load reports to a fake management server: what is counted, of which clusters, when.
#include "xds/dynamic/load_reporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/stats_cluster.h"
#include "proxy/observe/stats_store.h"
#include "test/unit/support/cluster.h"
#include "test/unit/xds_protocol/fake_clock.h"
#include "test/unit/xds_protocol/fake_server.h"

namespace outrigger::xds {
namespace {

using envoy::config::endpoint::v3::ClusterStats;
using envoy::service::load_stats::v3::LoadStatsRequest;
using envoy::service::load_stats::v3::LoadStatsResponse;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

class LoadReports : public ::testing::Test {
 protected:
  LoadReports() {
    first_ = outrigger::test::cluster(
        {{outrigger::test::endpoint(80)}, {outrigger::test::endpoint(81)}});
    first_->ref = {"first", 0};
    second_ = outrigger::test::cluster({{outrigger::test::endpoint(90)}});
    second_->ref = {"second", 1};
    clusters_ = {{first_, nullptr}, {second_, nullptr}};
  }

  void start() {
    envoy::config::core::v3::ApiConfigSource source;
    source.set_api_type(envoy::config::core::v3::ApiConfigSource::GRPC);
    source.set_transport_api_version(envoy::config::core::v3::V3);
    source.add_grpc_services()->mutable_envoy_grpc()->set_cluster_name("lrs");
    auto made = LoadReporter::make(source, environment_, parts());
    ASSERT_TRUE(made.ok()) << made.status().message();
    reporter_ = *std::move(made);
    envoy::config::core::v3::Node node;
    node.set_id("me");
    reporter_->start(node);
  }
  LoadReporterParts parts() {
    return {server_,
            stats_,
            clock_,
            ledger_,
            nullptr,
            [this] { return clusters_; },
            [](std::string_view name) {
              return name == "first" ? std::string("service-of-first") : std::string();
            }};
  }
  // From now on the server gets a report of these each second.
  void ask(const std::vector<std::string>& clusters) {
    LoadStatsResponse response;
    for (const std::string& name : clusters) response.add_clusters(name);
    ask(response);
  }
  void ask(LoadStatsResponse response) {
    response.mutable_load_reporting_interval()->set_seconds(1);
    server_.answer(response);
  }
  LoadStatsRequest next() { return FakeServer::next<LoadStatsRequest>(server_.last()); }
  // The next report, of one cluster.
  ClusterStats report() {
    server_.last().sent.clear();
    clock_.advance(1s);
    LoadStatsRequest request = next();
    EXPECT_EQ(request.node().id(), "me");
    return request.cluster_stats_size() == 1 ? request.cluster_stats(0) : ClusterStats();
  }
  HostStats& host(const config::Cluster& cluster, size_t priority, unsigned worker = 0) {
    return cluster.endpoints->localities[priority].endpoints[0]->stats->local<HostStats>(worker);
  }
  LoadReporterStats& own_stats() {
    return scope_->local<LoadReporterStats>(StatsScope::kMainThread);
  }

  FakeServer server_;
  FakeClock clock_;
  Ledger ledger_;
  observe::StatsStore stats_;
  StatsScopePtr scope_ = stats_.scope<LoadReporterStats>("load_reporter.");
  config::ClusterSlots slots_;
  CompileEnvironment environment_{stats_, slots_};
  std::shared_ptr<config::Cluster> first_, second_;
  std::vector<ReportedCluster> clusters_;
  std::unique_ptr<LoadReporter> reporter_;
};

TEST_F(LoadReports, TheServerIsToldWhoWeAreAndIsAskedWhatItWants) {
  start();
  EXPECT_EQ(server_.last().cluster, "lrs");
  EXPECT_EQ(server_.last().method,
            "/envoy.service.load_stats.v3.LoadReportingService/StreamLoadStats");
  LoadStatsRequest request = next();
  EXPECT_EQ(request.node().id(), "me");
  EXPECT_THAT(request.node().client_features(),
              ::testing::Contains("envoy.lrs.supports_send_all_clusters"));
  EXPECT_THAT(request.cluster_stats(), IsEmpty());
  clock_.advance(1min);
  EXPECT_TRUE(server_.quiet());
}

TEST_F(LoadReports, CountsWhatCameSinceTheLastReportOfAllWorkers) {
  start();
  host(*first_, 0).rq_success.add(100);  // nobody asked yet
  host(*first_, 0).rq_total.add(100);
  ask({"first"});
  host(*first_, 0).rq_success.add(2);
  host(*first_, 0, 1).rq_success.inc();
  host(*first_, 0).rq_error.inc();
  host(*first_, 0).rq_total.add(5);
  host(*first_, 0).rq_active.inc();
  ClusterStats stats = report();
  EXPECT_EQ(stats.cluster_name(), "first");
  EXPECT_EQ(stats.cluster_service_name(), "service-of-first");
  EXPECT_EQ(stats.load_report_interval().seconds(), 1);
  ASSERT_THAT(stats.upstream_locality_stats(), SizeIs(1));
  const auto& locality = stats.upstream_locality_stats(0);
  EXPECT_EQ(locality.priority(), 0u);
  EXPECT_EQ(locality.total_successful_requests(), 3u);
  EXPECT_EQ(locality.total_error_requests(), 1u);
  EXPECT_EQ(locality.total_issued_requests(), 5u);
  EXPECT_EQ(locality.total_requests_in_progress(), 1u);
  EXPECT_THAT(locality.upstream_endpoint_stats(), IsEmpty());
  // What goes on is said each time, what is over once.
  stats = report();
  ASSERT_THAT(stats.upstream_locality_stats(), SizeIs(1));
  EXPECT_EQ(stats.upstream_locality_stats(0).total_successful_requests(), 0u);
  EXPECT_EQ(stats.upstream_locality_stats(0).total_requests_in_progress(), 1u);
  host(*first_, 0).rq_active.dec();
  EXPECT_THAT(report().upstream_locality_stats(), IsEmpty());
}

TEST_F(LoadReports, EachPriorityAndIfAskedEachEndpoint) {
  start();
  LoadStatsResponse response;
  response.add_clusters("first");
  response.set_report_endpoint_granularity(true);
  ask(response);
  host(*first_, 0).rq_success.inc();
  host(*first_, 1).rq_error.inc();
  ClusterStats stats = report();
  ASSERT_THAT(stats.upstream_locality_stats(), SizeIs(2));
  const auto& second = stats.upstream_locality_stats(1);
  EXPECT_EQ(second.priority(), 1u);
  ASSERT_THAT(second.upstream_endpoint_stats(), SizeIs(1));
  EXPECT_EQ(second.upstream_endpoint_stats(0).address().socket_address().address(), "10.0.0.1");
  EXPECT_EQ(second.upstream_endpoint_stats(0).address().socket_address().port_value(), 81u);
  EXPECT_EQ(second.upstream_endpoint_stats(0).total_error_requests(), 1u);
}

TEST_F(LoadReports, RequestsThatWereDropped) {
  start();
  ask({"first"});
  auto endpoints = std::make_shared<config::EndpointSet>(*first_->endpoints);
  auto drop = std::make_shared<config::DropOverload>();
  drop->category = "throttle";
  endpoints->drop_overload = drop;
  clusters_[0].endpoints = endpoints;
  first_->circuit_breakers[0].usage->overflowed += 3;
  first_->circuit_breakers[0].usage->dropped += 2;
  ClusterStats stats = report();
  EXPECT_EQ(stats.total_dropped_requests(), 5u);
  ASSERT_THAT(stats.dropped_requests(), SizeIs(1));
  EXPECT_EQ(stats.dropped_requests(0).category(), "throttle");
  EXPECT_EQ(stats.dropped_requests(0).dropped_count(), 2u);
  stats = report();
  EXPECT_EQ(stats.total_dropped_requests(), 0u);
  EXPECT_THAT(stats.dropped_requests(), IsEmpty());
}

TEST_F(LoadReports, FollowsEndpointsThatComeAndGo) {
  start();
  ask({"first"});
  host(*first_, 0).rq_success.inc();
  report();
  auto next = outrigger::test::cluster({{outrigger::test::endpoint(82)}});
  clusters_[0].endpoints = next->endpoints;
  next->endpoints->localities[0].endpoints[0]->stats->local<HostStats>(0).rq_success.add(7);
  ClusterStats stats = report();
  ASSERT_THAT(stats.upstream_locality_stats(), SizeIs(1));
  EXPECT_EQ(stats.upstream_locality_stats(0).total_successful_requests(), 7u);
}

TEST_F(LoadReports, OnlyClustersThatTheServerNames) {
  start();
  ask({"second", "nowhere"});
  EXPECT_EQ(report().cluster_name(), "second");
  host(*first_, 0).rq_success.inc();
  ask({"first"});
  ClusterStats stats = report();
  EXPECT_EQ(stats.cluster_name(), "first");
  EXPECT_THAT(stats.upstream_locality_stats(), IsEmpty()) << "counted from when it was asked for";
  LoadStatsResponse all;
  all.set_send_all_clusters(true);
  ask(all);
  server_.last().sent.clear();
  clock_.advance(1s);
  EXPECT_THAT(next().cluster_stats(), SizeIs(2));
}

TEST_F(LoadReports, ANewClusterIsReportedFromTheNextPeriodOn) {
  auto without = clusters_;
  without.pop_back();
  std::swap(clusters_, without);
  start();
  LoadStatsResponse all;
  all.set_send_all_clusters(true);
  ask(all);
  EXPECT_EQ(report().cluster_name(), "first");
  std::swap(clusters_, without);
  EXPECT_EQ(report().cluster_name(), "first");
  server_.last().sent.clear();
  clock_.advance(1s);
  EXPECT_THAT(next().cluster_stats(), SizeIs(2));
}

TEST_F(LoadReports, AClosedStreamIsOpenedAnewAndNothingIsForgotten) {
  start();
  ask({"first"});
  host(*first_, 0).rq_success.add(2);
  server_.close();
  EXPECT_EQ(own_stats().errors.value(), 1u);
  clock_.advance(1min);
  ASSERT_EQ(server_.calls(), 2u);
  EXPECT_EQ(own_stats().retries.value(), 1u);
  EXPECT_EQ(next().node().id(), "me");
  EXPECT_TRUE(server_.quiet()) << "the new stream has not asked yet";
  ask({"first"});
  ClusterStats stats = report();
  ASSERT_THAT(stats.upstream_locality_stats(), SizeIs(1));
  EXPECT_EQ(stats.upstream_locality_stats(0).total_successful_requests(), 2u);
  server_.close(grpc::Code::ok, "");
  EXPECT_EQ(own_stats().errors.value(), 1u) << "a server may end its streams";
}

TEST_F(LoadReports, AnAnswerThatIsNoneEndsTheStream) {
  start();
  server_.last().handler->on_message("\xff\xff");
  EXPECT_EQ(own_stats().errors.value(), 1u);
  clock_.advance(1min);
  EXPECT_EQ(server_.calls(), 2u);
}

TEST_F(LoadReports, AnIntervalOfNothingDoesNotTakeAllTime) {
  start();
  server_.last().sent.clear();
  LoadStatsResponse response;
  response.add_clusters("first");
  server_.answer(response);
  clock_.advance(100ms);
  EXPECT_LE(server_.last().sent.size(), 10u);
  EXPECT_GE(server_.last().sent.size(), 1u);
}

TEST_F(LoadReports, TheSourceIsAGrpcService) {
  envoy::config::core::v3::ApiConfigSource source;
  source.set_api_type(envoy::config::core::v3::ApiConfigSource::REST);
  auto made = LoadReporter::make(source, environment_, parts());
  EXPECT_THAT(std::string(made.status().message()), HasSubstr("api_type"));
}

}  // namespace
}  // namespace outrigger::xds
