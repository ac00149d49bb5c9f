// Zone-aware routing: what stays in the zone, and where the rest goes.
#include "proxy/upstream/zone_picker.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "proxy/upstream/cluster_table.h"
#include "proxy/upstream/conn_pool.h"
#include "proxy/upstream/subset_balancer.h"
#include "test/unit/support/cluster.h"
#include "test/unit/support/fake_loop.h"
#include "test/unit/upstream/hosts.h"

namespace outrigger::upstream::test {
namespace {

class Zones : public ::testing::Test {
 protected:
  using Sizes = std::map<std::string, unsigned>;

  Zones() {
    auto local = std::make_shared<config::LocalZone>();
    local->cluster = {"local", 0};
    local->zone = "a";
    routing_.local = local;
    routing_.min_cluster_size = 1;
  }
  static config::LocalityEndpoints locality(const std::string& zone, unsigned size,
                                            Health health = Health::healthy) {
    config::LocalityEndpoints out;
    out.locality.zone = zone;
    for (unsigned i = 0; i < size; ++i)
      out.endpoints.push_back(outrigger::test::endpoint(static_cast<uint16_t>(i + 1), 1, health));
    return out;
  }
  static std::shared_ptr<config::EndpointSet> endpoints(const Sizes& sizes) {
    auto out = std::make_shared<config::EndpointSet>();
    for (const auto& [zone, size] : sizes) out->localities.push_back(locality(zone, size));
    return out;
  }
  void local(const Sizes& sizes) {
    auto cluster = outrigger::test::cluster({});
    cluster->ref = {"local", 0};
    cluster->endpoints = endpoints(sizes);
    table_.set_clusters({cluster});
  }
  void upstream(const Sizes& sizes) {
    auto options = std::make_shared<config::BalancerOptions>();
    options->zone_routing = routing_;
    cluster_.balancer_options = std::move(options);
    set_ = endpoints(sizes);
    std::vector<LocalityHosts> localities = hosts();
    balancer_ = LoadBalancer(cluster_, localities, 0, 140, env());
  }
  BalancerEnv env() { return {&loop_, nullptr, &stats(), &table_}; }
  // Those of set_.
  std::vector<LocalityHosts> hosts() {
    made_.clear();
    std::vector<LocalityHosts> localities;
    for (const config::LocalityEndpoints& from : set_->localities) {
      LocalityHosts& to = localities.emplace_back();
      to.locality = &from.locality;
      for (const auto& endpoint : from.endpoints) {
        made_.push_back(std::make_unique<Host>(endpoint, 0));
        zone_of_[made_.back().get()] = from.locality.zone;
        to.hosts.push_back(made_.back().get());
      }
    }
    return localities;
  }
  std::map<std::string, unsigned> pick(unsigned times) {
    std::map<std::string, unsigned> out;
    bool panic = false;
    for (unsigned i = 0; i < times; ++i) {
      Host* host = balancer_.pick(dice_.next(), panic);
      ++out[host == nullptr ? "none" : zone_of_[host]];
    }
    return out;
  }
  ClusterStats& stats() { return scope_->local<ClusterStats>(0); }

  StatsScopePtr scope_ = outrigger::test::scope<ClusterStats>("");
  outrigger::test::FakeLoop loop_;
  ClusterTable table_{loop_, 0, 0};
  config::ZoneRouting routing_;
  config::Cluster cluster_;
  std::shared_ptr<config::EndpointSet> set_;
  std::vector<std::unique_ptr<Host>> made_;
  std::map<const Host*, std::string> zone_of_;
  LoadBalancer balancer_;
  Dice dice_;
};

TEST_F(Zones, AllStayWhereTheZoneHasItsPart) {
  local({{"a", 2}, {"b", 2}});
  upstream({{"a", 3}, {"b", 3}});
  EXPECT_EQ(pick(100), Sizes({{"a", 100}}));
  EXPECT_EQ(stats().lb_zone_routing_all_directly.value(), 100u);
  EXPECT_EQ(stats().lb_recalculate_zone_structures.value(), 1u);
}

// The zone has half of the processes and a quarter of the hosts: half of the requests stay.
TEST_F(Zones, WhatTheZoneCannotCarryGoesWhereThereIsRoom) {
  local({{"a", 4}, {"b", 2}, {"c", 2}});
  upstream({{"a", 2}, {"b", 4}, {"c", 2}});
  Sizes counts = pick(10'000);
  EXPECT_NEAR(counts["a"], 5000, 200);
  EXPECT_NEAR(counts["b"], 5000, 200);
  EXPECT_EQ(counts["c"], 0u);
  EXPECT_EQ(stats().lb_zone_routing_sampled.value() + stats().lb_zone_routing_cross_zone.value(),
            10'000u);
}

TEST_F(Zones, AZoneWithoutHostsSendsAllAway) {
  local({{"a", 1}, {"b", 1}});
  upstream({{"b", 2}, {"c", 2}});
  Sizes counts = pick(1000);
  EXPECT_EQ(counts["a"], 0u);
  EXPECT_EQ(counts["b"], 0u);  // its part is its processes' own
  EXPECT_EQ(counts["c"], 1000u);
}

TEST_F(Zones, SmallClustersAreServedAsAWhole) {
  routing_.min_cluster_size = 7;
  local({{"a", 1}, {"b", 1}});
  upstream({{"a", 3}, {"b", 3}});
  EXPECT_EQ(pick(600), Sizes({{"a", 300}, {"b", 300}}));
  EXPECT_EQ(stats().lb_zone_cluster_too_small.value(), 1u);
}

TEST_F(Zones, ALocalClusterWithoutThisZoneSaysNothing) {
  local({{"b", 1}, {"c", 1}});
  upstream({{"a", 3}, {"b", 3}});
  EXPECT_EQ(pick(600), Sizes({{"a", 300}, {"b", 300}}));
  EXPECT_EQ(stats().lb_local_cluster_not_ok.value(), 1u);
}

TEST_F(Zones, TheLocalClustersChangesCount) {
  local({{"a", 1}, {"b", 1}});
  upstream({{"a", 1}, {"b", 1}});
  EXPECT_EQ(pick(100), Sizes({{"a", 100}}));
  table_.update_endpoints(0, endpoints({{"a", 1}}));  // one zone: nobody to share with
  EXPECT_EQ(pick(100), Sizes({{"a", 50}, {"b", 50}}));
  EXPECT_EQ(stats().lb_recalculate_zone_structures.value(), 2u);
}

TEST_F(Zones, TheZoneMayBeForced) {
  routing_.force_local_min = 2;
  local({{"a", 9}, {"b", 1}});
  upstream({{"a", 2}, {"b", 8}});
  EXPECT_EQ(pick(100), Sizes({{"a", 100}}));
  upstream({{"a", 1}, {"b", 9}});
  EXPECT_LT(pick(1000)["a"], 200u);
}

TEST_F(Zones, PartOfTheRequestsMayBeLeftAlone) {
  routing_.enabled_percent = 0;
  local({{"a", 1}, {"b", 1}});
  upstream({{"a", 1}, {"b", 1}});
  EXPECT_EQ(pick(100), Sizes({{"a", 50}, {"b", 50}}));
}

// What goes where depends on the healthy hosts: three quarters of the processes and half of those.
TEST_F(Zones, DegradedHostsServeByTheSameShares) {
  local({{"a", 3}, {"b", 1}});
  upstream({{"a", 1}, {"b", 1}});
  for (auto& locality : set_->localities) {
    for (const auto& sick : this->locality("", 3, Health::degraded).endpoints)
      locality.endpoints.push_back(sick);
  }
  std::vector<LocalityHosts> localities = hosts();
  uint64_t before = stats().lb_recalculate_zone_structures.value();
  balancer_ = LoadBalancer(cluster_, localities, 0, 140, env());
  EXPECT_EQ(stats().lb_recalculate_zone_structures.value(), before + 1);
  std::map<std::pair<std::string, Health>, unsigned> counts;
  bool panic = false;
  for (unsigned i = 0; i < 30'000; ++i) {
    Host* host = balancer_.pick(dice_.next(), panic);
    ++counts[{zone_of_[host], host->health}];
  }
  EXPECT_NEAR((counts[{"a", Health::healthy}]), 30'000 * 0.35 * 2 / 3, 300);
  EXPECT_NEAR((counts[{"b", Health::healthy}]), 30'000 * 0.35 / 3, 300);
  EXPECT_NEAR((counts[{"a", Health::degraded}]), 30'000 * 0.65 * 2 / 3, 300);
  EXPECT_NEAR((counts[{"b", Health::degraded}]), 30'000 * 0.65 / 3, 300);
}

TEST_F(Zones, MatterInSubsets) {
  local({{"a", 3}, {"b", 1}});
  auto options = std::make_shared<config::BalancerOptions>();
  options->zone_routing = routing_;
  auto subsets = std::make_shared<config::SubsetBalancing>();
  subsets->selectors.push_back({{"stage"}, false, config::SubsetFallback::not_defined, {}});
  options->subsets = subsets;
  cluster_.balancer_options = options;
  set_ = endpoints({{"a", 2}, {"b", 2}});
  for (auto& locality : set_->localities) {
    for (config::EndpointPtr& endpoint : locality.endpoints) {
      auto marked = std::make_shared<config::Endpoint>(*endpoint);
      marked->metadata.of("envoy.lb")["stage"] = MetadataValue(std::string("dev"));
      endpoint = std::move(marked);
    }
  }
  std::vector<LocalityHosts> localities = hosts();
  SubsetBalancer balancer(cluster_, 0, env());
  config::MetadataMatchCriteria criteria({{"stage", MetadataValue(std::string("dev"))}});
  LoadBalancer any;
  auto in_zone_a = [&] {
    balancer.update(localities, 140);
    unsigned found = 0;
    for (unsigned i = 0; i < 10'000; ++i) {
      Draw draw(dice_.next());
      bool panic = false;
      Host* host = balancer.pick({any, criteria.criteria(), draw, nullptr}, panic);
      found += zone_of_[host] == "a";
    }
    return found;
  };
  EXPECT_NEAR(in_zone_a(), 6667, 200);
  EXPECT_EQ(balancer.rebuilt(), 1u);
  in_zone_a();
  EXPECT_EQ(balancer.rebuilt(), 0u);
  // The same hosts under another name.
  set_->localities[1].locality.zone = "c";
  local({{"a", 1}, {"c", 3}});
  EXPECT_EQ(in_zone_a(), 10'000u);
  EXPECT_EQ(balancer.rebuilt(), 1u);
}

}  // namespace
}  // namespace outrigger::upstream::test
