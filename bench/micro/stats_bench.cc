// Statistics: what a request pays for a counter, and what a reader pays for 10,000 clusters.
#include <malloc.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include <benchmark/benchmark.h>

#include "api/http/codec_options.h"
#include "api/stats_cluster.h"
#include "proxy/observe/stats_query.h"
#include "proxy/observe/stats_render.h"
#include "proxy/observe/stats_store.h"

namespace outrigger::observe {
namespace {

std::string cluster_name(int i) {
  return "outbound|9080||service-" + std::to_string(i) + ".default.svc.cluster.local";
}

// The six scopes of a cluster.
void add_cluster(StatsStore& store, int i, std::vector<StatsScopePtr>& held) {
  std::string name = cluster_name(i), prefix = "cluster." + name + ".";
  std::vector<StatTag> tags = {{"envoy.cluster_name", name}};
  held.push_back(store.scope<ClusterStats>(prefix, "cluster.", tags));
  held.push_back(store.scope<ClusterConfigStats>(prefix, "cluster.", tags));
  held.push_back(store.scope<http::Http1Stats>(prefix + "http1.", "cluster.http1.", tags));
  held.push_back(store.scope<http::Http2Stats>(prefix + "http2.", "cluster.http2.", tags));
  for (const char* priority : {"default", "high"}) {
    std::string part = std::string("circuit_breakers.") + priority + ".";
    held.push_back(store.scope<CircuitBreakerStats>(prefix + part, "cluster." + part, tags));
  }
}

struct Mesh {
  explicit Mesh(int clusters, int used) {
    for (int i = 0; i < clusters; ++i) add_cluster(store, i, held);
    for (int i = 0; i < used; ++i) {
      auto& stats = held[static_cast<size_t>(i) * 6]->local<ClusterStats>(0);
      stats.upstream_rq_total.inc();
      stats.upstream_rq_2xx.inc();
      stats.upstream_rq.inc(200);
      stats.upstream_rq_time.record(static_cast<uint64_t>(i));
    }
  }
  StatsStore store;
  std::vector<StatsScopePtr> held;
};

void BM_CountARequest(benchmark::State& state) {
  StatsStore store;
  std::vector<StatsScopePtr> held;
  add_cluster(store, 0, held);
  auto& stats = held[0]->local<ClusterStats>(0);
  uint64_t ms = 0;
  for (auto _ : state) {
    stats.upstream_rq_total.inc();
    stats.upstream_rq_active.inc();
    stats.upstream_rq.inc(200);
    stats.upstream_rq_2xx.inc();
    stats.upstream_rq_time.record(ms++ & 1023);
    stats.upstream_rq_active.dec();
  }
}
BENCHMARK(BM_CountARequest);

void BM_AddClusters(benchmark::State& state) {
  size_t bytes = 0;
  for (auto _ : state) {
    size_t before = mallinfo2().uordblks;
    Mesh mesh(static_cast<int>(state.range(0)), 0);
    bytes = mallinfo2().uordblks - before - mesh.held.capacity() * sizeof(StatsScopePtr);
  }
  state.counters["bytes_per_scope"] =
      static_cast<double>(bytes) / static_cast<double>(state.range(0) * 6);
}
BENCHMARK(BM_AddClusters)->Arg(10'000)->Unit(benchmark::kMillisecond);

void render(benchmark::State& state, StatsQuery query) {
  Mesh mesh(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
  size_t bytes = 0, largest = 0;
  for (auto _ : state) {
    bytes = 0;
    render_stats(mesh.store, query, [&](std::string_view piece) {
      bytes += piece.size();
      largest = std::max(largest, piece.size());
    });
  }
  state.counters["MB"] = static_cast<double>(bytes) / 1e6;
  state.counters["largest_piece"] = static_cast<double>(largest);
}

void BM_Text(benchmark::State& state) {
  render(state, {});
}
void BM_Json(benchmark::State& state) {
  StatsQuery query;
  query.format = StatsQuery::Format::json;
  render(state, query);
}
void BM_Prometheus(benchmark::State& state) {
  StatsQuery query;
  query.format = StatsQuery::Format::prometheus;
  render(state, query);
}
void BM_PrometheusUsedOnly(benchmark::State& state) {
  StatsQuery query;
  query.format = StatsQuery::Format::prometheus;
  query.used_only = true;
  render(state, query);
}
// Clusters, and how many of them had traffic.
#define MESHES Args({10'000, 100})->Args({10'000, 10'000})->Unit(benchmark::kMillisecond)
BENCHMARK(BM_Text)->MESHES;
BENCHMARK(BM_Json)->MESHES;
BENCHMARK(BM_Prometheus)->MESHES;
BENCHMARK(BM_PrometheusUsedOnly)->MESHES;

}  // namespace
}  // namespace outrigger::observe
