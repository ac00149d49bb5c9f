// /clusters in text and JSON, as Envoy writes them, also for more clusters than fit into a piece.
#include "gmock/gmock.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"

#include "envoy/admin/v3/clusters.pb.h"

#include "proxy/admin/pages.h"
#include "test/unit/admin/fake_server.h"

namespace outrigger::admin {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string get(FakeServer& server, const std::string& query, int status = 200) {
  Request request{"GET", "/clusters", {}};
  request.params.add(query, false);
  Response response = answer(request, server);
  EXPECT_EQ(response.status, status);
  return whole_body(response);
}

envoy::admin::v3::Clusters read(const std::string& json) {
  envoy::admin::v3::Clusters clusters;
  auto status = google::protobuf::util::JsonStringToMessage(json, &clusters);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return clusters;
}

// One cluster with an endpoint of every sort, as compiled from configuration.
FakeServer& one_cluster(FakeServer& server) {
  auto endpoint = [](std::string ip, config::Endpoint::Health health) {
    auto e = std::make_shared<config::Endpoint>();
    e->address = *net::Address::from_ip(ip, 80);
    e->health = health;
    return e;
  };
  auto first = endpoint("127.0.0.1", config::Endpoint::Health::healthy);
  first->hostname = "hosty";
  first->weight = 5;
  first->stats = std::make_shared<StatsScope>("", "", std::vector<StatTag>{}, HostStats::layout());
  // Two workers counted.
  first->stats->local<HostStats>(0).rq_total.add(3);
  first->stats->local<HostStats>(1).rq_total.add(4);
  first->stats->local<HostStats>(1).cx_active.add(2);
  auto endpoints = std::make_shared<config::EndpointSet>();
  endpoints->localities.push_back(
      {{"r1", "z1", "s1"}, 0, 3, {first, endpoint("::1", config::Endpoint::Health::unhealthy)}});
  endpoints->localities.push_back(
      {{}, 1, std::nullopt, {endpoint("127.0.0.2", config::Endpoint::Health::degraded)}});
  auto cluster = std::make_shared<config::Cluster>();
  cluster->ref.name = "backend";
  cluster->alt_stat_name = "bb";
  cluster->circuit_breakers[1].max_connections = 7;
  server.known_clusters = {{cluster, endpoints, false}};
  return server;
}

TEST(Clusters, TextHasLimitsThenEndpoints) {
  FakeServer server;
  std::string text = get(one_cluster(server), "");
  EXPECT_THAT(text, StartsWith("backend::observability_name::bb\n"
                               "backend::default_priority::max_connections::1024\n"
                               "backend::default_priority::max_pending_requests::1024\n"
                               "backend::default_priority::max_requests::1024\n"
                               "backend::default_priority::max_retries::3\n"
                               "backend::high_priority::max_connections::7\n"
                               "backend::high_priority::max_pending_requests::1024\n"
                               "backend::high_priority::max_requests::1024\n"
                               "backend::high_priority::max_retries::3\n"
                               "backend::added_via_api::false\n"
                               "backend::127.0.0.1:80::cx_active::2\n"
                               "backend::127.0.0.1:80::cx_connect_fail::0\n"
                               "backend::127.0.0.1:80::cx_total::0\n"
                               "backend::127.0.0.1:80::rq_active::0\n"
                               "backend::127.0.0.1:80::rq_error::0\n"));
  EXPECT_THAT(text, HasSubstr("backend::127.0.0.1:80::rq_success::0\n"
                              "backend::127.0.0.1:80::rq_timeout::0\n"
                              "backend::127.0.0.1:80::rq_total::7\n"
                              "backend::127.0.0.1:80::hostname::hosty\n"
                              "backend::127.0.0.1:80::health_flags::healthy\n"
                              "backend::127.0.0.1:80::weight::5\n"
                              "backend::127.0.0.1:80::region::r1\n"
                              "backend::127.0.0.1:80::zone::z1\n"
                              "backend::127.0.0.1:80::sub_zone::s1\n"
                              "backend::127.0.0.1:80::canary::false\n"
                              "backend::127.0.0.1:80::priority::0\n"
                              "backend::127.0.0.1:80::success_rate::-1\n"
                              "backend::127.0.0.1:80::local_origin_success_rate::-1\n"
                              "backend::[::1]:80::"));
  EXPECT_THAT(text, HasSubstr("backend::[::1]:80::health_flags::/failed_eds_health\n"));
  EXPECT_THAT(text, HasSubstr("backend::127.0.0.2:80::health_flags::/degraded_eds_health\n"));
  EXPECT_THAT(text, HasSubstr("backend::127.0.0.2:80::priority::1\n"));
}

TEST(Clusters, WhatWasFoundOutOfEndpointsIsShown) {
  FakeServer server;
  one_cluster(server);
  auto ejected = std::make_shared<HostHealth>();
  ejected->set(HealthFlag::kFailedOutlierCheck | HealthFlag::kFailedActiveCheck |
               HealthFlag::kActiveCheckTimeout);
  ejected->success_rate = 12.5;
  auto pending = std::make_shared<HostHealth>();
  pending->set(HealthFlag::kPendingActiveCheck | HealthFlag::kExcludedByAnswer);
  auto degraded = std::make_shared<HostHealth>();
  degraded->set(HealthFlag::kDegradedByActiveCheck | HealthFlag::kPendingRemoval);
  server.known_clusters[0].health = {ejected, pending, degraded};
  std::string text = get(server, "");
  EXPECT_THAT(text, HasSubstr("backend::127.0.0.1:80::health_flags::"
                              "/failed_active_hc/failed_outlier_check/active_hc_timeout\n"));
  EXPECT_THAT(text, HasSubstr("backend::127.0.0.1:80::success_rate::12.5\n"));
  EXPECT_THAT(text, HasSubstr("backend::[::1]:80::health_flags::/failed_eds_health"
                              "/pending_active_hc/excluded_via_immediate_hc_fail\n"));
  EXPECT_THAT(text, HasSubstr("backend::127.0.0.2:80::health_flags::"
                              "/degraded_active_hc/degraded_eds_health/pending_dynamic_removal\n"));
  auto proto = read(get(server, "format=json")).cluster_statuses(0);
  EXPECT_TRUE(proto.host_statuses(0).health_status().failed_outlier_check());
  EXPECT_TRUE(proto.host_statuses(0).health_status().active_hc_timeout());
  EXPECT_EQ(proto.host_statuses(0).success_rate().value(), 12.5);
  EXPECT_TRUE(proto.host_statuses(1).health_status().pending_active_hc());
  EXPECT_FALSE(proto.host_statuses(1).has_success_rate());
}

TEST(Clusters, JsonIsTheProto) {
  FakeServer server;
  auto clusters = read(get(one_cluster(server), "format=json"));
  ASSERT_EQ(clusters.cluster_statuses_size(), 1);
  const auto& cluster = clusters.cluster_statuses(0);
  EXPECT_EQ(cluster.name(), "backend");
  EXPECT_EQ(cluster.observability_name(), "bb");
  EXPECT_EQ(cluster.circuit_breakers().thresholds(1).max_connections().value(), 7u);
  ASSERT_EQ(cluster.host_statuses_size(), 3);
  const auto& host = cluster.host_statuses(0);
  EXPECT_EQ(host.address().socket_address().port_value(), 80u);
  EXPECT_EQ(host.hostname(), "hosty");
  EXPECT_EQ(host.locality().sub_zone(), "s1");
  EXPECT_EQ(host.stats(0).name(), "cx_connect_fail");
  EXPECT_EQ(host.stats(5).name(), "rq_total");
  EXPECT_EQ(host.stats(5).value(), 7u);
  EXPECT_EQ(host.stats(6).name(), "cx_active");
  EXPECT_EQ(host.stats(6).type(), envoy::admin::v3::SimpleMetric::GAUGE);
  EXPECT_EQ(cluster.host_statuses(1).health_status().eds_health_status(),
            envoy::config::core::v3::UNHEALTHY);
  EXPECT_EQ(cluster.host_statuses(2).priority(), 1u);
}

TEST(Clusters, ManyComeInPiecesThatMakeOneDocument) {
  FakeServer server;
  for (int i = 0; i < 501; ++i) server.add_cluster("c" + std::to_string(i), "127.0.0.1", 80);
  auto clusters = read(get(server, "format=json"));
  ASSERT_EQ(clusters.cluster_statuses_size(), 501);
  EXPECT_EQ(clusters.cluster_statuses(500).name(), "c500");
  EXPECT_THAT(get(server, ""), HasSubstr("c500::127.0.0.1:80::weight::1\n"));
}

TEST(Clusters, FilterSelectsByName) {
  FakeServer server;
  server.add_cluster("one", "127.0.0.1", 80);
  server.add_cluster("other", "127.0.0.1", 81);
  EXPECT_THAT(get(server, "filter=oth"), StartsWith("other::observability_name::other\n"));
  EXPECT_EQ(get(server, "filter=oth&format=json").find("\"one\""), std::string::npos);
  EXPECT_EQ(get(server, "filter=none&format=json"), "{}\n");
  EXPECT_EQ(get(server, "filter=none"), "");
  EXPECT_EQ(get(server, "filter=(", 400), "Invalid re2 regex");
}

}  // namespace
}  // namespace outrigger::admin
