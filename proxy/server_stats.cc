#include "proxy/server_stats.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "api/stats_cluster.h"
#include "proxy/cluster_membership.h"

namespace outrigger {
namespace {

constexpr unsigned kMain = StatsScope::kMainThread;

uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  uint64_t total = 0;
  uint64_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

ServerGauges::ServerGauges(StatsRegistry& stats)
    : server_scope_(stats.scope<ServerStats>("server.")),
      listener_scope_(stats.scope<ListenerManagerStats>("listener_manager.")),
      cluster_scope_(stats.scope<ClusterManagerStats>("cluster_manager.")),
      server_(server_scope_->local<ServerStats>(kMain)),
      listeners_(listener_scope_->local<ListenerManagerStats>(kMain)),
      clusters_(cluster_scope_->local<ClusterManagerStats>(kMain)) {}

void ServerGauges::set_configuration(const config::Bootstrap& bootstrap, uint32_t concurrency,
                                     uint32_t restart_epoch) {
  server_.concurrency.set(concurrency);
  server_.hot_restart_epoch.set(restart_epoch);
  server_.days_until_first_cert_expiring.set(0xffffffff);  // no certificate
  clusters_.cluster_added.add(bootstrap.clusters.size());
  clusters_.active_clusters.set(static_cast<int64_t>(bootstrap.clusters.size()));
  clusters_.warming_clusters.set(0);
  listeners_.listener_added.add(bootstrap.listeners.size());
  listeners_.total_listeners_active.set(static_cast<int64_t>(bootstrap.listeners.size()));
  listeners_.workers_started.set(0);
  for (const config::ClusterPtr& cluster : bootstrap.clusters)
    note_membership(*cluster, nullptr, *cluster->endpoints);
}

void ServerGauges::set_state(int state) {
  server_.state.set(state);
}

void ServerGauges::note_listener_created(bool ok) {
  (ok ? listeners_.listener_create_success : listeners_.listener_create_failure).inc();
}

void ServerGauges::refresh(std::chrono::seconds uptime, const config::Bootstrap& bootstrap) {
  server_.uptime.set(uptime.count());
  struct mallinfo2 heap = mallinfo2();
  server_.memory_allocated.set(static_cast<int64_t>(heap.uordblks));
  server_.memory_heap_size.set(static_cast<int64_t>(heap.arena + heap.hblkhd));
  server_.memory_physical_size.set(static_cast<int64_t>(resident_bytes()));
  int64_t connections = 0;
  for (const config::ListenerPtr& listener : bootstrap.listeners) {
    listener->stats->for_each_shard([&](const void* shard) {
      connections += static_cast<const ListenerStats*>(shard)->downstream_cx_active.value();
    });
  }
  server_.total_connections.set(connections);
}

}  // namespace outrigger
