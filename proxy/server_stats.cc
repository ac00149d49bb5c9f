#include "proxy/server_stats.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

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
    : stats_(stats),
      server_scope_(stats.scope<ServerStats>("server.")),
      listener_scope_(stats.scope<ListenerManagerStats>("listener_manager.")),
      cluster_scope_(stats.scope<ClusterManagerStats>("cluster_manager.")),
      build_scope_(stats.scope<CompilationStats>("server.compilation_settings.")),
      server_(server_scope_->local<ServerStats>(kMain)),
      listeners_(listener_scope_->local<ListenerManagerStats>(kMain)),
      clusters_(cluster_scope_->local<ClusterManagerStats>(kMain)) {}

void ServerGauges::set_configuration(const config::Bootstrap& bootstrap, uint32_t concurrency,
                                     uint32_t restart_epoch) {
  server_.concurrency.set(concurrency);
  server_.hot_restart_epoch.set(restart_epoch);
  // Which module OpenSSL has loaded is the system's matter, not the build's.
  build_scope_->local<CompilationStats>(kMain).fips_mode.set(0);
  server_.seconds_until_first_ocsp_response_expiring.set(0);
  server_.days_until_first_cert_expiring.set(0xffffffff);  // no certificate
  clusters_.cluster_added.add(bootstrap.clusters.size());
  clusters_.active_clusters.set(static_cast<int64_t>(bootstrap.clusters.size()));
  clusters_.warming_clusters.set(0);
  listeners_.listener_added.add(bootstrap.listeners.size());
  listeners_.workers_started.set(0);
}

void ServerGauges::set_generation(uint32_t generation) {
  restart_scope_ = stats_.scope<HotRestartStats>("server.");
  restart_scope_->local<HotRestartStats>(kMain).hot_restart_generation.set(generation);
}

void ServerGauges::set_state(int state) {
  server_.state.set(state);
}

void ServerGauges::refresh(std::chrono::seconds uptime, size_t connections) {
  server_.uptime.set(uptime.count());
  struct mallinfo2 heap = mallinfo2();
  server_.memory_allocated.set(static_cast<int64_t>(heap.uordblks));
  server_.memory_heap_size.set(static_cast<int64_t>(heap.arena + heap.hblkhd));
  server_.memory_physical_size.set(static_cast<int64_t>(resident_bytes()));
  server_.total_connections.set(static_cast<int64_t>(connections));
}

}  // namespace outrigger
