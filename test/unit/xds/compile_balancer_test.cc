// Subsets, slow start and what else few clusters say of the choice of a host.
#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/config/route.h"
#include "test/unit/xds/load_helpers.h"

namespace outrigger::xds {
namespace {

using config::SubsetFallback;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::load_cluster;
using testing::Loaded;

std::string policy(const std::string& type_and_fields) {
  return "{typed_extension_config: {name: p, typed_config: {\"@type\": "
         "type.googleapis.com/envoy.extensions.load_balancing_policies." +
         type_and_fields + "}}}";
}

Loaded list(const std::string& policies) {
  return load_cluster("load_balancing_policy: {policies: [" + policies + "]}");
}

const config::BalancerOptions& options(const Loaded& loaded) {
  static const config::BalancerOptions kNone;
  const auto& out = loaded.cluster().balancer_options;
  EXPECT_NE(out, nullptr);
  return out == nullptr ? kNone : *out;
}

TEST(CompileBalancer, SaysNothingOfItselfMostly) {
  Loaded loaded = load_cluster("lb_subset_config: {fallback_policy: ANY_ENDPOINT}");
  ASSERT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(loaded.cluster().balancer_options, nullptr);
}

TEST(CompileBalancer, Subsets) {
  Loaded loaded = load_cluster(R"(lb_subset_config:
  fallback_policy: DEFAULT_SUBSET
  default_subset: {b: "2", a: "1"}
  subset_selectors:
  - {keys: [version, stage, version]}
  - {keys: [stage], single_host_per_subset: true, fallback_policy: NO_FALLBACK}
  - {keys: [stage], fallback_policy: ANY_ENDPOINT}
  - {keys: [x, z], fallback_policy: KEYS_SUBSET, fallback_keys_subset: [z]}
  - {}
  locality_weight_aware: true
  scale_locality_weight: true
  panic_mode_any: true
  list_as_any: true
  metadata_fallback_policy: FALLBACK_LIST)");
  ASSERT_THAT(loaded.errors, IsEmpty());
  const config::SubsetBalancing& out = *options(loaded).subsets;
  EXPECT_EQ(out.fallback, SubsetFallback::default_subset);
  ASSERT_EQ(out.default_subset.size(), 2u);
  EXPECT_EQ(out.default_subset[0].first, "a");
  ASSERT_EQ(out.selectors.size(), 3u);  // the first of equal keys counts
  EXPECT_THAT(out.selectors[0].keys, ElementsAre("stage", "version"));
  EXPECT_EQ(out.selectors[0].fallback, SubsetFallback::not_defined);
  EXPECT_TRUE(out.selectors[1].single_host);
  EXPECT_EQ(out.selectors[1].fallback, SubsetFallback::none);
  EXPECT_EQ(out.selectors[2].fallback, SubsetFallback::keys_subset);
  EXPECT_THAT(out.selectors[2].fallback_keys, ElementsAre("z"));
  EXPECT_TRUE(out.locality_weight_aware && out.scale_locality_weight && out.panic_mode_any);
  EXPECT_TRUE(out.list_as_any && out.fallback_list && !out.allow_redundant_keys);
}

TEST(CompileBalancer, FallbackKeysMustBeFewer) {
  auto error = [](const std::string& selector) {
    Loaded loaded = load_cluster("lb_subset_config: {subset_selectors: [" + selector + "]}");
    return loaded.errors.empty() ? "" : loaded.errors.front();
  };
  EXPECT_THAT(error("{keys: [a], fallback_keys_subset: [a]}"), HasSubstr("KEYS_SUBSET only"));
  EXPECT_THAT(error("{keys: [a], fallback_policy: KEYS_SUBSET}"),
              HasSubstr("subset_selectors[0].fallback_keys_subset: must not be empty"));
  EXPECT_THAT(error("{keys: [a, b], fallback_policy: KEYS_SUBSET, fallback_keys_subset: [c]}"),
              HasSubstr("some of the selector's keys"));
  EXPECT_THAT(error("{keys: [a], fallback_policy: KEYS_SUBSET, fallback_keys_subset: [a]}"),
              HasSubstr("must not be all"));
}

TEST(CompileBalancer, SubsetsAroundAnotherPolicy) {
  Loaded loaded = list(policy(
      "subset.v3.Subset, allow_redundant_keys: true, subset_selectors: [{keys: [a]}, {keys: [b, "
      "c]}], subset_lb_policy: {policies: [" +
      policy("least_request.v3.LeastRequest, choice_count: 3") + "]}"));
  ASSERT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(loaded.cluster().balancer, config::Cluster::Balancer::least_request);
  EXPECT_EQ(loaded.cluster().least_request_choices, 3u);
  const config::SubsetBalancing& out = *options(loaded).subsets;
  EXPECT_TRUE(out.allow_redundant_keys);
  EXPECT_THAT(out.selectors[0].keys, ElementsAre("b", "c"));  // more keys are asked first
}

TEST(CompileBalancer, SlowStart) {
  Loaded loaded = load_cluster(R"(lb_policy: ROUND_ROBIN
round_robin_lb_config: {slow_start_config: {slow_start_window: 60s,
  aggression: {default_value: 2.5, runtime_key: agg}, min_weight_percent: {value: 5}}})");
  ASSERT_THAT(loaded.errors, IsEmpty());
  const config::SlowStart& out = *options(loaded).slow_start;
  EXPECT_EQ(out.window, milliseconds(60'000));
  EXPECT_EQ(out.aggression.value, 2.5);
  EXPECT_EQ(out.aggression.runtime_key, "agg");
  EXPECT_EQ(out.min_weight_percent, 5.0);
  loaded = list(policy("round_robin.v3.RoundRobin, slow_start_config: {slow_start_window: 1s}"));
  ASSERT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(options(loaded).slow_start->aggression.value, 1.0);
  EXPECT_EQ(options(loaded).slow_start->min_weight_percent, 10.0);
}

TEST(CompileBalancer, LeastRequestInFull) {
  Loaded loaded = load_cluster(R"(lb_policy: LEAST_REQUEST
least_request_lb_config: {active_request_bias: {default_value: 0.5, runtime_key: bias}})");
  ASSERT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(options(loaded).active_request_bias->value, 0.5);
  EXPECT_FALSE(options(loaded).full_scan);
  for (const char* fields : {"selection_method: FULL_SCAN", "enable_full_scan: true"}) {
    loaded = list(policy(std::string("least_request.v3.LeastRequest, ") + fields));
    ASSERT_THAT(loaded.errors, IsEmpty());
    EXPECT_TRUE(options(loaded).full_scan);
  }
}

TEST(CompileBalancer, LocalitiesOfAPolicy) {
  Loaded loaded =
      list(policy("random.v3.Random, locality_lb_config: {locality_weighted_lb_config: {}}"));
  ASSERT_THAT(loaded.errors, IsEmpty());
  EXPECT_TRUE(loaded.cluster().locality_weighted);
  loaded = list(policy("wrr_locality.v3.WrrLocality, endpoint_picking_policy: {policies: [" +
                       policy("round_robin.v3.RoundRobin") + "]}"));
  ASSERT_THAT(loaded.errors, IsEmpty());
  EXPECT_TRUE(loaded.cluster().locality_weighted);
  EXPECT_THAT(list(policy("cluster_provided.v3.ClusterProvided")).errors,
              ElementsAre(HasSubstr("cluster_provided is for clusters that find endpoints")));
}

TEST(CompileBalancer, BoundedLoad) {
  Loaded loaded = load_cluster(R"(lb_policy: MAGLEV
common_lb_config: {consistent_hashing_lb_config: {hash_balance_factor: 150}})");
  ASSERT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(loaded.cluster().hashing->balance_percent, 150u);
  loaded = list(policy("ring_hash.v3.RingHash, hash_balance_factor: 120"));
  ASSERT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(loaded.cluster().hashing->balance_percent, 120u);
  loaded = list(
      policy("ring_hash.v3.RingHash, consistent_hashing_lb_config: {hash_balance_factor: 130}"));
  ASSERT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(loaded.cluster().hashing->balance_percent, 130u);
}

TEST(CompileBalancer, StatesInWhichASessionsHostServes) {
  Loaded loaded =
      load_cluster("common_lb_config: {override_host_status: {statuses: [HEALTHY, DRAINING]}}");
  ASSERT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(options(loaded).override_health, (1u << 1) | (1u << 3));
  loaded = load_cluster("common_lb_config: {override_host_status: {}}");
  ASSERT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(options(loaded).override_health, 0u);
}

TEST(CompileBalancer, APolicyMaySayWhatIsHashed) {
  Loaded loaded =
      list(policy("maglev.v3.Maglev, consistent_hashing_lb_config: {hash_policy: [{header: "
                  "{header_name: a}}]}"));
  ASSERT_THAT(loaded.errors, IsEmpty());
  ASSERT_NE(loaded.cluster().http_policies, nullptr);
  ASSERT_EQ(loaded.cluster().http_policies->hash_policies.size(), 1u);
  EXPECT_EQ(loaded.cluster().http_policies->hash_policies[0].name, "a");
  loaded = list(policy("ring_hash.v3.RingHash, consistent_hashing_lb_config: {hash_policy: [{}]}"));
  EXPECT_THAT(loaded.errors, ElementsAre(HasSubstr("hash_policy")));
}

TEST(CompileBalancer, WhatThePolicySaysOfHashesComesBeforeTheProtocolsOptions) {
  std::string ring = policy(
      "ring_hash.v3.RingHash, consistent_hashing_lb_config: {hash_policy: [{header: {header_name: "
      "a}}]}");
  Loaded loaded = load_cluster("load_balancing_policy: {policies: [" + ring + R"(]}
typed_extension_protocol_options:
  envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
    "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
    explicit_http_config: {http_protocol_options: {}}
    hash_policy: [{header: {header_name: b}}]
)");
  ASSERT_THAT(loaded.errors, IsEmpty());
  ASSERT_EQ(loaded.cluster().http_policies->hash_policies.size(), 1u);
  EXPECT_EQ(loaded.cluster().http_policies->hash_policies[0].name, "a");
}

}  // namespace
}  // namespace outrigger::xds
