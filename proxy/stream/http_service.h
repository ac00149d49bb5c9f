// HttpService: one compiled connection manager on ONE worker: its configuration, this worker's
// counters, its access log. Thread: that worker. Lifetime: shared by the connections that began
// with it.
#pragma once

#include <memory>
#include <vector>

#include "api/config/http_connection_manager.h"
#include "api/config/listener.h"
#include "api/filter/host_demand.h"
#include "api/listener_counts.h"
#include "api/stats_http.h"
#include "api/stats_server.h"
#include "proxy/observe/access_log_sink.h"
#include "proxy/stream/scope_tables.h"
#include "proxy/stream/worker_services.h"

namespace outrigger::stream {

class HttpService {
 public:
  // `chain` ends in a connection manager.
  HttpService(config::ListenerPtr listener, config::FilterChainPtr chain, WorkerServices& services);
  HttpService(const HttpService&) = delete;
  HttpService& operator=(const HttpService&) = delete;

  const config::Listener& listener() const { return *listener_; }
  const config::HttpConnectionManager& config() const { return *config_; }
  // The routes for a stream that begins now, which keeps them to its end. nullptr: they are not
  // there yet.
  const std::shared_ptr<const config::RouteTable>& routes() { return routes_.get(); }
  // nullptr: routes() has them for every request.
  ScopeTables* scopes() { return scopes_.get(); }
  // The place of the filter that waits for virtual hosts and clusters, and what it says; none: no
  // filter's.
  unsigned on_demand_filter() const { return on_demand_filter_; }
  const OnDemandFactory& on_demand() const { return *on_demand_; }
  // For a discovered filter of the configuration; nullptr: it is not there yet.
  const std::shared_ptr<const HttpFilterFactory>& discovered_filter(unsigned at) {
    return discovered_[at]->get();
  }
  WorkerServices& services() { return services_; }
  HttpStats& stats() { return stats_; }
  ListenerCounts& listener_counts() { return listener_counts_; }
  ListenerHttpStats& listener_http_stats() { return listener_http_stats_; }
  // Made with the first connection that speaks it.
  http::Http1Stats& http1_stats() {
    return config_->http1_stats->local<http::Http1Stats>(services_.worker);
  }
  http::Http2Stats& http2_stats() {
    return config_->http2_stats->local<http::Http2Stats>(services_.worker);
  }
  observe::AccessLogSink& access_log() { return access_log_; }
  observe::AccessLogSink& upstream_log() { return upstream_log_; }
  const RouterOptions& router_options() const { return router_options_; }

 private:
  config::ListenerPtr listener_;
  config::FilterChainPtr chain_;
  std::shared_ptr<const config::HttpConnectionManager> config_;
  WorkerServices& services_;
  config::SlotReader<config::RouteTable> routes_;
  std::unique_ptr<ScopeTables> scopes_;
  unsigned on_demand_filter_ = ~0u;
  const OnDemandFactory* on_demand_ = nullptr;
  // By the filter's place; empty where none is discovered.
  std::vector<std::unique_ptr<config::SlotReader<HttpFilterFactory>>> discovered_;
  HttpStats& stats_;
  ListenerCounts listener_counts_;
  ListenerHttpStats& listener_http_stats_;
  observe::AccessLogSink access_log_;
  const RouterOptions& router_options_;  // the router's factory has them
  observe::AccessLogSink upstream_log_;
};

}  // namespace outrigger::stream
