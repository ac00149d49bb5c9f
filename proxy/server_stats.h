// ServerGauges: what the main thread knows of the process as statistics: server.*,
// listener_manager.*, cluster_manager.*, membership of clusters. Thread: main. Lifetime: the
// server's.
#pragma once

#include <chrono>

#include "api/config/bootstrap.h"
#include "api/stats_server.h"

namespace outrigger {

class ServerGauges {
 public:
  explicit ServerGauges(StatsRegistry& stats);

  void set_configuration(const config::Bootstrap& bootstrap, uint32_t concurrency,
                         uint32_t restart_epoch);
  // How many processes there were with this one. Not called: hot restart is disabled.
  void set_generation(uint32_t generation);
  // Fields of the bootstrap that nobody knew and --allow-unknown-static-fields let pass.
  void note_unknown_fields(size_t count) { server_.static_unknown_fields.add(count); }
  // A field of a discovered resource that nobody knows.
  void note_unknown_dynamic_field() { server_.dynamic_unknown_fields.inc(); }
  void set_state(int state);  // envoy.admin.v3.ServerInfo.State
  void set_live(bool live) { server_.live.set(live ? 1 : 0); }
  // Whole days; only with a certificate.
  void set_first_expiry(uint64_t days) {
    server_.days_until_first_cert_expiring.set(static_cast<int64_t>(days));
  }
  void set_first_ocsp_expiry(uint64_t seconds) {
    server_.seconds_until_first_ocsp_response_expiring.set(static_cast<int64_t>(seconds));
  }
  void set_workers_started() { listeners_.workers_started.set(1); }
  void note_initialized(std::chrono::milliseconds took) {
    server_.initialization_time_ms.record(static_cast<uint64_t>(took.count()));
  }
  // Uptime, memory, connections: now and then.
  void refresh(std::chrono::seconds uptime, size_t connections);

 private:
  StatsRegistry& stats_;
  StatsScopePtr server_scope_, listener_scope_, cluster_scope_, build_scope_, restart_scope_;
  ServerStats& server_;
  ListenerManagerStats& listeners_;
  ClusterManagerStats& clusters_;
};

}  // namespace outrigger
