// TcpService: one compiled TCP proxy on ONE worker: its configuration, this worker's counters, its
// access log. Thread: that worker. Lifetime: shared by the connections that began with it.
#pragma once

#include <memory>

#include "api/config/listener.h"
#include "api/listener_counts.h"
#include "api/stats_server.h"
#include "api/stats_tcp.h"
#include "proxy/net/connection_services.h"
#include "proxy/net/listener_log.h"
#include "proxy/observe/access_log_sink.h"
#include "proxy/upstream/cluster_table.h"

namespace outrigger::tcp {

// What TCP proxies use of their worker.
struct TcpServices {
  net::ConnectionServices& worker;
  upstream::ClusterTable& clusters;
  observe::LogWriter& logs;
};

class TcpService {
 public:
  // `chain` ends in a TCP proxy.
  TcpService(config::ListenerPtr listener, config::FilterChainPtr chain, TcpServices& services)
      : listener_(std::move(listener)),
        chain_(std::move(chain)),
        services_(services),
        stats_(chain_->tcp->stats->local<TcpStats>(services.worker.worker)),
        listener_counts_(*listener_, services.worker.worker),
        access_log_(services.worker.worker, chain_->tcp->access_logs, services.logs),
        listener_log_(*listener_, services.worker.worker, services.worker.loop,
                      services.worker.runtime, services.logs) {}
  TcpService(const TcpService&) = delete;
  TcpService& operator=(const TcpService&) = delete;

  const config::Listener& listener() const { return *listener_; }
  const config::TcpProxy& config() const { return *chain_->tcp; }
  bool tls() const { return chain_->tls != nullptr; }
  net::ConnectionServices& worker() { return services_.worker; }
  runtime::Loop& loop() { return services_.worker.loop; }
  upstream::ClusterTable& clusters() { return services_.clusters; }
  TcpStats& stats() { return stats_; }
  ListenerCounts& listener_counts() { return listener_counts_; }
  observe::AccessLogSink& access_log() { return access_log_; }
  net::ListenerLog& listener_log() { return listener_log_; }

 private:
  config::ListenerPtr listener_;
  config::FilterChainPtr chain_;
  TcpServices& services_;
  TcpStats& stats_;
  ListenerCounts listener_counts_;
  observe::AccessLogSink access_log_;
  net::ListenerLog listener_log_;
};

}  // namespace outrigger::tcp
