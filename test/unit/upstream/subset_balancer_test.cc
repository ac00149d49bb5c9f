// Which hosts serve a request that asks for some metadata, and what an update of them costs.
#include "proxy/upstream/subset_balancer.h"

#include <map>
#include <set>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "proxy/upstream/conn_pool.h"
#include "test/unit/support/cluster.h"
#include "test/unit/upstream/hosts.h"

namespace outrigger::upstream::test {
namespace {

using config::SubsetFallback;
using Labels = std::vector<std::pair<std::string, MetadataValue>>;

MetadataValue text(std::string_view value) {
  return MetadataValue(std::string(value));
}

MetadataValue object(const Labels& labels) {
  MetadataValue out;
  for (const auto& [key, value] : labels) out.make_object()[key] = value;
  return out;
}

class Subsets : public ::testing::Test {
 protected:
  using Ports = std::set<unsigned>;

  Host* host(const Labels& labels, uint16_t port, Health health = Health::healthy) {
    auto endpoint = std::make_shared<config::Endpoint>(*outrigger::test::endpoint(port, 1, health));
    for (const auto& [key, value] : labels) endpoint->metadata.of("envoy.lb")[key] = value;
    made_.push_back(std::make_unique<Host>(std::move(endpoint), 0));
    return made_.back().get();
  }
  // One locality for each list of hosts, in one priority.
  void set(const std::vector<std::vector<Host*>>& hosts) {
    localities_.clear();
    for (const auto& of_locality : hosts) localities_.push_back({0, 1, of_locality});
    update();
  }
  void update() {
    if (balancer_ == nullptr) {
      cluster_.balancer_options = options_;
      options_->subsets = config_;
      balancer_ = std::make_unique<SubsetBalancer>(cluster_, 0, env_);
    }
    any_ = LoadBalancer(cluster_, localities_, 0);
    balancer_->update(localities_, 140);
  }
  Host* pick_one(Criteria criteria, uint64_t random = 0) {
    bool panic = false;
    Draw draw(random);
    return balancer_->pick({any_, criteria, draw, nullptr}, panic);
  }
  // The ports of all that serve such requests; 0: nobody.
  Ports pick(const Labels& labels) {
    config::MetadataMatchCriteria criteria(labels);
    Ports out;
    for (uint64_t i = 0; i < 20; ++i) {
      Host* host = pick_one(criteria.criteria(), i << 40);
      out.insert(host == nullptr ? 0u : host->endpoint->address.port());
    }
    return out;
  }
  void select(std::vector<std::string> keys, SubsetFallback fallback = SubsetFallback::not_defined,
              std::vector<std::string> fewer = {}) {
    config_->selectors.push_back({std::move(keys), false, fallback, std::move(fewer)});
  }
  ClusterStats& stats() { return scope_->local<ClusterStats>(0); }

  StatsScopePtr scope_ = outrigger::test::scope<ClusterStats>("");
  BalancerEnv env_{nullptr, nullptr, &stats()};
  config::Cluster cluster_;
  std::shared_ptr<config::BalancerOptions> options_ = std::make_shared<config::BalancerOptions>();
  std::shared_ptr<config::SubsetBalancing> config_ = std::make_shared<config::SubsetBalancing>();
  std::vector<std::unique_ptr<Host>> made_;
  std::vector<LocalityHosts> localities_;
  LoadBalancer any_;
  std::unique_ptr<SubsetBalancer> balancer_;
};

TEST_F(Subsets, HostsOfEqualValuesServeTogether) {
  select({"version"});
  set({{host({{"version", text("v1")}}, 1), host({{"version", text("v2")}}, 2),
        host({{"version", text("v1")}, {"other", text("x")}}, 3), host({}, 4)}});
  EXPECT_EQ(pick({{"version", text("v1")}}), Ports({1, 3}));
  EXPECT_EQ(pick({{"version", text("v2")}}), Ports({2}));
  EXPECT_EQ(pick({{"version", text("v3")}}), Ports({0}));
  EXPECT_EQ(pick({}), Ports({0}));
  EXPECT_EQ(stats().lb_subsets_active.value(), 2);
  EXPECT_EQ(stats().lb_subsets_created.value(), 2u);
  EXPECT_EQ(stats().lb_subsets_selected.value(), 40u);
}

TEST_F(Subsets, KeysAreThoseOfOneSelectorExactly) {
  select({"stage", "version"});
  select({"stage"});
  set({{host({{"stage", text("prod")}, {"version", text("v1")}}, 1),
        host({{"stage", text("prod")}}, 2)}});
  EXPECT_EQ(pick({{"stage", text("prod")}}), Ports({1, 2}));
  EXPECT_EQ(pick({{"stage", text("prod")}, {"version", text("v1")}}), Ports({1}));
  EXPECT_EQ(pick({{"version", text("v1")}}), Ports({0}));
  EXPECT_EQ(pick({{"stage", text("prod")}, {"version", text("v1")}, {"x", text("1")}}), Ports({0}));
}

TEST_F(Subsets, ValuesAreOfAnyType) {
  select({"k"});
  set({{host({{"k", MetadataValue(1.0)}}, 1), host({{"k", MetadataValue(true)}}, 2),
        host({{"k", text("1")}}, 3), host({{"k", object({{"a", text("b")}})}}, 4)}});
  EXPECT_EQ(pick({{"k", MetadataValue(1.0)}}), Ports({1}));
  EXPECT_EQ(pick({{"k", MetadataValue(true)}}), Ports({2}));
  EXPECT_EQ(pick({{"k", text("1")}}), Ports({3}));
  EXPECT_EQ(pick({{"k", object({{"a", text("b")}})}}), Ports({4}));
  EXPECT_EQ(pick({{"k", object({{"a", text("c")}})}}), Ports({0}));
}

TEST_F(Subsets, AListMayStandForEachOfItsValues) {
  config_->list_as_any = true;
  select({"stage", "version"});
  MetadataValue both(MetadataList{text("v1"), text("v2"), text("v2")});
  MetadataValue stages(MetadataList{text("prod"), text("dev")});
  set({{host({{"stage", stages}, {"version", both}}, 1),
        host({{"stage", text("dev")}, {"version", text("v2")}}, 2),
        host({{"stage", MetadataValue(MetadataList())}, {"version", text("v2")}}, 3)}});
  EXPECT_EQ(pick({{"stage", text("prod")}, {"version", text("v1")}}), Ports({1}));
  EXPECT_EQ(pick({{"stage", text("dev")}, {"version", text("v2")}}), Ports({1, 2}));
  EXPECT_EQ(balancer_->size(), 4u);
}

TEST_F(Subsets, AListIsOneValueOtherwise) {
  select({"version"});
  MetadataValue both(MetadataList{text("v1"), text("v2")});
  set({{host({{"version", both}}, 1)}});
  EXPECT_EQ(pick({{"version", text("v1")}}), Ports({0}));
  EXPECT_EQ(pick({{"version", both}}), Ports({1}));
}

TEST_F(Subsets, FallbackOfTheCluster) {
  select({"version"});
  config_->fallback = SubsetFallback::any_endpoint;
  set({{host({{"version", text("v1")}}, 1), host({}, 2)}});
  EXPECT_EQ(pick({{"version", text("v9")}}), Ports({1, 2}));
  EXPECT_EQ(pick({}), Ports({1, 2}));
  EXPECT_EQ(stats().lb_subsets_fallback.value(), 40u);
  EXPECT_EQ(stats().lb_subsets_fallback_panic.value(), 0u);
}

TEST_F(Subsets, FallbackToTheDefaultSubset) {
  select({"version"});
  config_->fallback = SubsetFallback::default_subset;
  config_->default_subset = {{"default", text("yes")}};
  set({{host({{"default", text("yes")}, {"version", text("v1")}}, 1),
        host({{"default", text("no")}}, 2), host({}, 3)}});
  EXPECT_EQ(pick({{"version", text("v9")}}), Ports({1}));
  EXPECT_EQ(balancer_->size(), 1u);
}

TEST_F(Subsets, AnEmptyDefaultSubsetIsOfAllHosts) {
  select({"version"});
  config_->fallback = SubsetFallback::default_subset;
  set({{host({{"version", text("v1")}}, 1), host({}, 2)}});
  EXPECT_EQ(pick({}), Ports({1, 2}));
}

TEST_F(Subsets, PanicTakesAnyHostWhenTheFallbackHasNone) {
  select({"version"});
  config_->fallback = SubsetFallback::default_subset;
  config_->default_subset = {{"default", text("yes")}};
  config_->panic_mode_any = true;
  set({{host({{"version", text("v1")}}, 1), host({}, 2)}});
  EXPECT_EQ(pick({{"version", text("v9")}}), Ports({1, 2}));
  EXPECT_EQ(stats().lb_subsets_fallback_panic.value(), 20u);
  EXPECT_EQ(stats().lb_subsets_fallback.value(), 0u);
}

TEST_F(Subsets, PanicIsNotForClustersWithoutFallback) {
  select({"version"});
  config_->panic_mode_any = true;
  set({{host({{"version", text("v1")}}, 1)}});
  EXPECT_EQ(pick({{"version", text("v9")}}), Ports({0}));
}

TEST_F(Subsets, ASelectorsFallbackComesBeforeTheClusters) {
  config_->fallback = SubsetFallback::any_endpoint;
  config_->default_subset = {{"default", text("yes")}};
  select({"a"}, SubsetFallback::none);
  select({"b"}, SubsetFallback::default_subset);
  select({"c"}, SubsetFallback::any_endpoint);
  select({"d"});
  set({{host({{"default", text("yes")}}, 1), host({{"a", text("1")}}, 2)}});
  EXPECT_EQ(pick({{"a", text("9")}}), Ports({0}));
  EXPECT_EQ(pick({{"b", text("9")}}), Ports({1}));
  EXPECT_EQ(pick({{"c", text("9")}}), Ports({1, 2}));
  EXPECT_EQ(stats().lb_subsets_fallback.value(), 0u);
  EXPECT_EQ(pick({{"d", text("9")}}), Ports({1, 2}));
  EXPECT_EQ(stats().lb_subsets_fallback.value(), 20u);
}

TEST_F(Subsets, KeysSubsetAsksForLess) {
  select({"stage", "version"}, SubsetFallback::keys_subset, {"stage"});
  select({"stage"}, SubsetFallback::none);
  set({{host({{"stage", text("prod")}, {"version", text("v1")}}, 1),
        host({{"stage", text("prod")}, {"version", text("v2")}}, 2),
        host({{"stage", text("dev")}, {"version", text("v3")}}, 3)}});
  EXPECT_EQ(pick({{"stage", text("prod")}, {"version", text("v1")}}), Ports({1}));
  EXPECT_EQ(pick({{"stage", text("prod")}, {"version", text("v3")}}), Ports({1, 2}));
  EXPECT_EQ(pick({{"stage", text("none")}, {"version", text("v3")}}), Ports({0}));
}

TEST_F(Subsets, OnlyOneHostServesWhereASelectorSaysSo) {
  select({"id"});
  config_->selectors[0].single_host = true;
  set({{host({{"id", text("a")}}, 1, Health::unhealthy), host({{"id", text("a")}}, 2),
        host({{"id", text("b")}}, 3)}});
  EXPECT_EQ(pick({{"id", text("a")}}), Ports({1}));
  EXPECT_EQ(pick({{"id", text("b")}}), Ports({3}));
  EXPECT_EQ(pick({{"id", text("c")}}), Ports({0}));
}

TEST_F(Subsets, ASubsetWithoutHealthyHostsIsNoReasonToFallBack) {
  cluster_.panic_threshold = 0;
  config_->fallback = SubsetFallback::any_endpoint;
  select({"version"});
  set({{host({{"version", text("v1")}}, 1, Health::unhealthy), host({}, 2)}});
  EXPECT_EQ(pick({{"version", text("v1")}}), Ports({0}));
}

TEST_F(Subsets, RedundantKeysMayBeAllowed) {
  config_->allow_redundant_keys = true;
  select({"stage", "version"});
  select({"stage"});
  set({{host({{"stage", text("prod")}, {"version", text("v1")}}, 1),
        host({{"stage", text("prod")}}, 2)}});
  EXPECT_EQ(pick({{"a", text("1")}, {"stage", text("prod")}, {"z", text("1")}}), Ports({1, 2}));
  EXPECT_EQ(pick({{"stage", text("prod")}, {"u", text("1")}, {"version", text("v1")}}), Ports({1}));
  EXPECT_EQ(pick({{"u", text("1")}}), Ports({0}));
}

TEST_F(Subsets, AListOfFallbacksIsTriedInItsOrder) {
  config_->fallback_list = true;
  select({"stage", "version"});
  select({"stage"});
  set({{host({{"stage", text("prod")}, {"version", text("v1")}}, 1),
        host({{"stage", text("dev")}, {"version", text("v2")}}, 2)}});
  auto entry = [](const char* key, const char* value) { return object({{key, text(value)}}); };
  MetadataValue list(MetadataList{entry("version", "v9"), entry("version", "v2")});
  EXPECT_EQ(pick({{"fallback_list", list}, {"stage", text("dev")}}), Ports({2}));
  MetadataValue other(MetadataList{entry("stage", "qa"), entry("stage", "prod")});
  EXPECT_EQ(pick({{"fallback_list", other}, {"stage", text("dev")}}), Ports({1}));
  MetadataValue hopeless(MetadataList{entry("stage", "qa")});
  EXPECT_EQ(pick({{"fallback_list", hopeless}, {"stage", text("dev")}}), Ports({0}));
  EXPECT_EQ(pick({{"fallback_list", MetadataValue(MetadataList())}, {"stage", text("dev")}}),
            Ports({2}));
}

TEST_F(Subsets, LocalitiesKeepTheirWeightsIfTheConfigurationSaysSo) {
  cluster_.locality_weighted = true;
  config_->locality_weight_aware = true;
  select({"version"});
  Labels v1{{"version", text("v1")}};
  localities_ = {{0, 3, {host(v1, 1), host({}, 2), host({}, 3)}}, {0, 1, {host(v1, 4)}}};
  update();
  config::MetadataMatchCriteria criteria(v1);
  std::map<unsigned, unsigned> counts;
  for (int i = 0; i < 400; ++i) ++counts[pick_one(criteria.criteria())->endpoint->address.port()];
  EXPECT_EQ(counts[1], 300u);
  EXPECT_EQ(counts[4], 100u);
}

// A third of the first locality's hosts: weight 3 is worth 1.
TEST_F(Subsets, WeightsOfLocalitiesMayShrinkWithTheSubset) {
  cluster_.locality_weighted = true;
  config_->locality_weight_aware = config_->scale_locality_weight = true;
  select({"version"});
  Labels v1{{"version", text("v1")}};
  localities_ = {{0, 3, {host(v1, 1), host({}, 2), host({}, 3)}}, {0, 1, {host(v1, 4)}}};
  update();
  config::MetadataMatchCriteria criteria(v1);
  std::map<unsigned, unsigned> counts;
  for (int i = 0; i < 400; ++i) ++counts[pick_one(criteria.criteria())->endpoint->address.port()];
  EXPECT_EQ(counts[1], 200u);
  EXPECT_EQ(counts[4], 200u);
}

TEST_F(Subsets, PrioritiesOfASubsetAreThoseOfItsHosts) {
  select({"version"});
  Labels v1{{"version", text("v1")}};
  localities_ = {{0, 0, {host({}, 1)}}, {1, 0, {host(v1, 2)}}, {2, 0, {host({}, 3)}}};
  update();
  EXPECT_EQ(pick(v1), Ports({2}));
}

TEST_F(Subsets, AnUpdateMakesOnlyChangedSubsetsAnew) {
  select({"version"});
  Labels v1{{"version", text("v1")}};
  Labels v2{{"version", text("v2")}};
  Host* one = host(v1, 1);
  Host* two = host(v2, 2);
  set({{one, two}});
  EXPECT_EQ(balancer_->rebuilt(), 2u);
  update();
  EXPECT_EQ(balancer_->rebuilt(), 0u);
  two->health = Health::unhealthy;
  update();
  EXPECT_EQ(balancer_->rebuilt(), 1u);
  set({{one, two, host(v1, 3)}});
  EXPECT_EQ(balancer_->rebuilt(), 1u);
  EXPECT_EQ(pick(v1), Ports({1, 3}));
}

TEST_F(Subsets, SubsetsWithoutHostsAreGone) {
  config_->fallback = SubsetFallback::any_endpoint;
  select({"version"});
  Labels v1{{"version", text("v1")}};
  Host* one = host(v1, 1);
  set({{one, host({{"version", text("v2")}}, 2)}});
  set({{one}});
  EXPECT_EQ(stats().lb_subsets_active.value(), 1);
  EXPECT_EQ(stats().lb_subsets_removed.value(), 1u);
  EXPECT_EQ(pick({{"version", text("v2")}}), Ports({1}));
  balancer_ = nullptr;
  EXPECT_EQ(stats().lb_subsets_active.value(), 0);
  EXPECT_EQ(stats().lb_subsets_removed.value(), 2u);
}

TEST_F(Subsets, AHostThatComesBackIsPutWhereItBelongs) {
  select({"version"});
  Labels v1{{"version", text("v1")}};
  Labels v2{{"version", text("v2")}};
  Host* one = host(v1, 1);
  Host* two = host(v2, 2);
  set({{one, two}});
  set({{one}});
  set({{one, two}});
  EXPECT_EQ(pick(v2), Ports({2}));
  EXPECT_EQ(pick(v1), Ports({1}));
}

TEST_F(Subsets, ANewEndpointOfAHostMovesIt) {
  select({"version"});
  Labels v1{{"version", text("v1")}};
  Labels v2{{"version", text("v2")}};
  Host* one = host(v1, 1);
  Host* two = host(v2, 2);
  set({{one, two}});
  one->endpoint = two->endpoint;
  update();
  EXPECT_EQ(pick(v1), Ports({0}));
  EXPECT_EQ(balancer_->size(), 1u);
}

TEST_F(Subsets, EqualHashesMeetEqualHostsInEachSubset) {
  cluster_.balancer = config::Cluster::Balancer::ring_hash;
  select({"version"});
  Labels v1{{"version", text("v1")}};
  set({{host(v1, 1), host(v1, 2), host(v1, 3), host({}, 4)}});
  config::MetadataMatchCriteria criteria(v1);
  std::set<Host*> seen;
  for (uint64_t i = 1; i < 200; ++i) {
    uint64_t hash = i * 0x9e3779b97f4a7c15ULL;
    Host* host = pick_one(criteria.criteria(), hash);
    EXPECT_EQ(pick_one(criteria.criteria(), hash), host);
    seen.insert(host);
  }
  EXPECT_EQ(seen.size(), 3u);
}

// What filters find out comes before what the route says.
TEST(MergeCriteria, DynamicMetadataComesFirst) {
  config::MetadataMatchCriteria of_route({{"a", text("1")}, {"c", text("3")}});
  MetadataStruct found;
  found["b"] = text("2");
  found["c"] = text("4");
  ChunkPool chunks;
  Arena arena(chunks);
  Criteria merged = merge_criteria(&of_route, nullptr, &found, arena);
  config::MetadataMatchCriteria expected({{"a", text("1")}, {"b", text("2")}, {"c", text("4")}});
  EXPECT_TRUE(std::equal(merged.begin(), merged.end(), expected.criteria().begin(),
                         expected.criteria().end()));
  EXPECT_EQ(merge_criteria(&of_route, nullptr, nullptr, arena).data(), of_route.criteria().data());
  EXPECT_TRUE(merge_criteria(nullptr, nullptr, nullptr, arena).empty());
}

}  // namespace
}  // namespace outrigger::upstream::test
