// What the choice of a host costs, by policy and number of hosts, and what it costs to make the
// balancers anew when the health of one host of 100,000 changes.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "api/stats_cluster.h"
#include "proxy/upstream/conn_pool.h"
#include "proxy/upstream/load_balancer.h"
#include "proxy/upstream/subset_balancer.h"

namespace outrigger::upstream {
namespace {

using Balancer = config::Cluster::Balancer;

enum class Weights {
  equal,
  different
};

class Hosts {
 public:
  Hosts(size_t count, Weights weights) {
    for (size_t i = 0; i < count; ++i) {
      auto endpoint = std::make_shared<config::Endpoint>();
      auto low = static_cast<unsigned>(i % 250 + 1);
      auto high = static_cast<unsigned>(i / 250);
      std::string address = "10." + std::to_string(high / 250) + "." + std::to_string(high % 250) +
                            "." + std::to_string(low);
      endpoint->address = *net::Address::from_ip(address, 80);
      if (weights == Weights::different) endpoint->weight = static_cast<uint32_t>(i % 7 + 1);
      endpoint->metadata.of("envoy.lb")["version"] = MetadataValue("v" + std::to_string(i % 50));
      endpoint->stats =
          std::make_shared<StatsScope>("", "", std::vector<StatTag>{}, HostStats::layout());
      made_.push_back(std::make_unique<Host>(std::move(endpoint), 0));
      localities_[0].hosts.push_back(made_.back().get());
    }
  }
  const std::vector<LocalityHosts>& localities() const { return localities_; }
  // The one whose health changes.
  Host& middle() { return *made_[made_.size() / 2]; }

 private:
  std::vector<std::unique_ptr<Host>> made_;
  std::vector<LocalityHosts> localities_ = std::vector<LocalityHosts>(1);
};

config::Cluster cluster_of(Balancer balancer, uint32_t balance_percent = 0,
                           bool full_scan = false) {
  config::Cluster cluster;
  cluster.balancer = balancer;
  auto hashing = std::make_shared<config::HashBalancing>();
  hashing->balance_percent = balance_percent;
  cluster.hashing = hashing;
  auto options = std::make_shared<config::BalancerOptions>();
  options->full_scan = full_scan;
  if (balancer == Balancer::client_weighted) options->client_weighting.emplace();
  auto subsets = std::make_shared<config::SubsetBalancing>();
  subsets->selectors.push_back({{"version"}, false, config::SubsetFallback::not_defined, {}});
  options->subsets = subsets;
  cluster.balancer_options = options;
  return cluster;
}

uint64_t next(uint64_t& state) {
  uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  return z ^ (z >> 31);
}

void pick(benchmark::State& state, const config::Cluster& cluster, Weights weights) {
  Hosts hosts(static_cast<size_t>(state.range(0)), weights);
  LoadBalancer balancer(cluster, hosts.localities(), 1);
  uint64_t random = 1;
  bool panic = false;
  for (auto _ : state) benchmark::DoNotOptimize(balancer.pick(next(random), panic));
}

void rebuild(benchmark::State& state, const config::Cluster& cluster, Weights weights) {
  Hosts hosts(static_cast<size_t>(state.range(0)), weights);
  using Health = config::Endpoint::Health;
  for (auto _ : state) {
    Health& health = hosts.middle().health;
    health = health == Health::healthy ? Health::unhealthy : Health::healthy;
    LoadBalancer balancer(cluster, hosts.localities(), 1);
    benchmark::DoNotOptimize(balancer.healthy_count());
  }
}

void pick_of_subset(benchmark::State& state) {
  config::Cluster cluster = cluster_of(Balancer::round_robin);
  Hosts hosts(static_cast<size_t>(state.range(0)), Weights::equal);
  StatsScope stats("", "", {}, ClusterStats::layout());
  LoadBalancer any(cluster, hosts.localities(), 1);
  SubsetBalancer balancer(cluster, 1, {nullptr, nullptr, &stats.local<ClusterStats>(0), nullptr});
  balancer.update(hosts.localities(), LoadBalancer::kOverprovisioning);
  config::MetadataMatchCriteria criteria({{"version", MetadataValue(std::string("v7"))}});
  uint64_t random = 1;
  bool panic = false;
  for (auto _ : state) {
    Draw draw(next(random));
    benchmark::DoNotOptimize(balancer.pick({any, criteria.criteria(), draw, nullptr}, panic));
  }
}

void update_subsets(benchmark::State& state) {
  config::Cluster cluster = cluster_of(Balancer::round_robin);
  Hosts hosts(static_cast<size_t>(state.range(0)), Weights::equal);
  StatsScope stats("", "", {}, ClusterStats::layout());
  SubsetBalancer balancer(cluster, 1, {nullptr, nullptr, &stats.local<ClusterStats>(0), nullptr});
  balancer.update(hosts.localities(), LoadBalancer::kOverprovisioning);
  using Health = config::Endpoint::Health;
  for (auto _ : state) {
    Health& health = hosts.middle().health;
    health = health == Health::healthy ? Health::unhealthy : Health::healthy;
    balancer.update(hosts.localities(), LoadBalancer::kOverprovisioning);
    if (balancer.rebuilt() != 1) state.SkipWithError("more than one subset was made anew");
  }
}

const auto kRoundRobin = cluster_of(Balancer::round_robin);
const auto kLeastRequest = cluster_of(Balancer::least_request);
const auto kFullScan = cluster_of(Balancer::least_request, 0, true);
const auto kRandom = cluster_of(Balancer::random);
const auto kReported = cluster_of(Balancer::client_weighted);
const auto kRing = cluster_of(Balancer::ring_hash);
const auto kBoundedRing = cluster_of(Balancer::ring_hash, 150);
const auto kMaglev = cluster_of(Balancer::maglev);

#define OUTRIGGER_PICKER(name, cluster, weights)                                    \
  BENCHMARK_CAPTURE(pick, name, cluster, weights)->Arg(10)->Arg(1000)->Arg(100000); \
  BENCHMARK_CAPTURE(rebuild, name, cluster, weights)->Arg(100000)->Unit(benchmark::kMicrosecond)

OUTRIGGER_PICKER(round_robin, kRoundRobin, Weights::equal);
OUTRIGGER_PICKER(round_robin_weighted, kRoundRobin, Weights::different);
OUTRIGGER_PICKER(least_request, kLeastRequest, Weights::equal);
OUTRIGGER_PICKER(least_request_weighted, kLeastRequest, Weights::different);
OUTRIGGER_PICKER(least_request_full_scan, kFullScan, Weights::equal);
OUTRIGGER_PICKER(random, kRandom, Weights::equal);
OUTRIGGER_PICKER(client_side_weighted, kReported, Weights::equal);
OUTRIGGER_PICKER(ring_hash, kRing, Weights::equal);
OUTRIGGER_PICKER(ring_hash_bounded, kBoundedRing, Weights::equal);
OUTRIGGER_PICKER(maglev, kMaglev, Weights::equal);
BENCHMARK(pick_of_subset)->Arg(1000)->Arg(100000);
BENCHMARK(update_subsets)->Arg(100000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace outrigger::upstream
