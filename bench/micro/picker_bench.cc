// What the choice of a host costs, by policy and number of hosts, and what it costs to make the
// balancers anew when the health of one host of 100,000 changes: a worker's, and the hash tables
// that the main thread makes for all of them.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "api/stats_cluster.h"
#include "proxy/runtime/epoll_loop.h"
#include "proxy/upstream/cluster_hash_tables.h"
#include "proxy/upstream/cluster_table.h"
#include "proxy/upstream/conn_pool.h"
#include "proxy/upstream/load_balancer.h"
#include "proxy/upstream/subset_balancer.h"
#include "test/unit/support/cluster.h"

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

// The endpoints as the main thread has them, of which the n-th is another one.
std::shared_ptr<const config::EndpointSet> endpoints_of(const Hosts& hosts, size_t n,
                                                        uint32_t weight) {
  auto out = std::make_shared<config::EndpointSet>();
  config::LocalityEndpoints& locality = out->localities.emplace_back();
  for (const Host* host : hosts.localities()[0].hosts) locality.endpoints.push_back(host->endpoint);
  auto changed = std::make_shared<config::Endpoint>(*locality.endpoints[n]);
  changed->weight = weight;
  locality.endpoints[n] = std::move(changed);
  return out;
}

// On the main thread: one endpoint of all gets another weight.
void change_tables(benchmark::State& state, const config::Cluster& cluster) {
  auto count = static_cast<size_t>(state.range(0));
  Hosts hosts(count, Weights::equal);
  std::shared_ptr<const config::EndpointSet> sets[] = {endpoints_of(hosts, count / 2, 1),
                                                       endpoints_of(hosts, count / 2, 2)};
  auto before = std::make_unique<ClusterHashTables>(cluster, sets[0], nullptr, nullptr);
  size_t turn = 0;
  for (auto _ : state) {
    turn = 1 - turn;
    before = std::make_unique<ClusterHashTables>(cluster, sets[turn], nullptr, before.get());
  }
}

// On a worker: its hosts behind tables that are there.
void rebuild_with_tables(benchmark::State& state, const config::Cluster& cluster) {
  Hosts hosts(static_cast<size_t>(state.range(0)), Weights::equal);
  ClusterHashTables tables(cluster, endpoints_of(hosts, 0, 1), nullptr, nullptr);
  for (auto _ : state) {
    LoadBalancer balancer(cluster, hosts.localities(), 1, LoadBalancer::kOverprovisioning, {},
                          &tables);
    benchmark::DoNotOptimize(balancer.healthy_count());
  }
}

// What a worker does with the first request for a cluster: it makes a host of each endpoint.
void first_use(benchmark::State& state) {
  runtime::EpollLoop loop;
  for (auto _ : state) {
    state.PauseTiming();
    std::vector<config::EndpointPtr> endpoints;
    for (int64_t i = 0; i < state.range(0); ++i)
      endpoints.push_back(test::endpoint(static_cast<uint16_t>(i)));
    auto table = std::make_unique<ClusterTable>(loop, 0, 0);
    table->set_clusters({test::cluster({std::move(endpoints)})});
    state.ResumeTiming();
    benchmark::DoNotOptimize(table->find(0)->pick_host(0));
    state.PauseTiming();
    table = nullptr;
    state.ResumeTiming();
  }
}

// Two zones of which this process is in one, which has room for half of its requests.
void pick_by_zone(benchmark::State& state) {
  auto count = static_cast<size_t>(state.range(0));
  Hosts near(count / 4 + 1, Weights::equal), far(count - count / 4, Weights::equal);
  config::Locality places[] = {{"r", "a", ""}, {"r", "b", ""}};
  auto local = std::make_shared<config::Cluster>(cluster_of(Balancer::round_robin));
  local->ref = {"local", 0};
  auto like = std::make_shared<config::EndpointSet>();
  for (const config::Locality& place : places)
    like->localities.push_back({place, 0, {}, {near.localities()[0].hosts[0]->endpoint}});
  local->endpoints = std::move(like);
  runtime::EpollLoop loop;
  ClusterTable table(loop, 0, 0);
  table.set_clusters({local});
  config::Cluster cluster = cluster_of(Balancer::random);
  auto options = std::make_shared<config::BalancerOptions>();
  config::LocalZone here{local->ref, "r", "a", ""};
  options->zone_routing.emplace().local = std::make_shared<const config::LocalZone>(here);
  options->zone_routing->min_cluster_size = 1;
  cluster.balancer_options = std::move(options);
  std::vector<LocalityHosts> localities = near.localities();
  localities.push_back(far.localities()[0]);
  for (size_t i = 0; i < localities.size(); ++i) localities[i].locality = &places[i];
  LoadBalancer balancer(cluster, localities, 1, LoadBalancer::kOverprovisioning,
                        {nullptr, nullptr, nullptr, &table});
  uint64_t random = 1;
  bool panic = false;
  for (auto _ : state) benchmark::DoNotOptimize(balancer.pick(next(random), panic));
}

// Ten localities that take turns by their weights.
void pick_by_locality(benchmark::State& state) {
  config::Cluster cluster = cluster_of(Balancer::round_robin);
  cluster.balancer_options = nullptr;
  cluster.locality_weighted = true;
  std::vector<std::unique_ptr<Hosts>> made;
  std::vector<LocalityHosts> localities;
  for (uint32_t i = 0; i < 10; ++i) {
    made.push_back(
        std::make_unique<Hosts>(static_cast<size_t>(state.range(0)) / 10, Weights::equal));
    localities.push_back(made.back()->localities()[0]);
    localities.back().weight = i + 1;
  }
  LoadBalancer balancer(cluster, localities, 1);
  uint64_t random = 1;
  bool panic = false;
  for (auto _ : state) benchmark::DoNotOptimize(balancer.pick(next(random), panic));
}

const auto kRoundRobin = cluster_of(Balancer::round_robin);
const auto kLeastRequest = cluster_of(Balancer::least_request);
const auto kFullScan = cluster_of(Balancer::least_request, 0, true);
const auto kRandom = cluster_of(Balancer::random);
const auto kReported = cluster_of(Balancer::client_weighted);
const auto kRing = cluster_of(Balancer::ring_hash);
const auto kBoundedRing = cluster_of(Balancer::ring_hash, 150);
const auto kMaglev = cluster_of(Balancer::maglev);
const auto kBoundedMaglev = cluster_of(Balancer::maglev, 150);

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
OUTRIGGER_PICKER(maglev_bounded, kBoundedMaglev, Weights::equal);

#define OUTRIGGER_TABLES(name, cluster)                                                        \
  BENCHMARK_CAPTURE(change_tables, name, cluster)->Arg(100000)->Unit(benchmark::kMicrosecond); \
  BENCHMARK_CAPTURE(rebuild_with_tables, name, cluster)->Arg(100000)->Unit(benchmark::kMicrosecond)

OUTRIGGER_TABLES(ring_hash, kRing);
OUTRIGGER_TABLES(maglev, kMaglev);
BENCHMARK(first_use)->Arg(1000)->Arg(10000)->Arg(100000)->Unit(benchmark::kMicrosecond);
BENCHMARK(pick_by_zone)->Arg(10)->Arg(1000)->Arg(100000);
BENCHMARK(pick_by_locality)->Arg(10)->Arg(1000)->Arg(100000);
BENCHMARK(pick_of_subset)->Arg(1000)->Arg(100000);
BENCHMARK(update_subsets)->Arg(100000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace outrigger::upstream
