// WorkerCluster: what ONE worker needs of one cluster to send requests to it. ClusterTable: all of
// them, by slot, made with the first request. Thread: that worker. Lifetime: the worker's; a host
// that an update removed lives on until its last stream and connection are gone.
#pragma once

#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "api/config/cluster.h"
#include "api/http/codec_options.h"
#include "api/stats_cluster.h"
#include "proxy/runtime/loop.h"
#include "proxy/tls/client_context.h"
#include "proxy/upstream/connection_needs.h"
#include "proxy/upstream/lb_context.h"
#include "proxy/upstream/load_balancer.h"
#include "proxy/upstream/resource_limit.h"

namespace outrigger::upstream {

class OriginalHosts;
using EndpointSetPtr = std::shared_ptr<const config::EndpointSet>;

class WorkerCluster {
 public:
  // `endpoints` nullptr: those of the configuration.
  WorkerCluster(config::ClusterPtr config, runtime::Loop& loop, unsigned worker, uint64_t seed,
                EndpointSetPtr endpoints = nullptr);
  ~WorkerCluster();
  WorkerCluster(const WorkerCluster&) = delete;
  WorkerCluster& operator=(const WorkerCluster&) = delete;

  const config::Cluster& config() const { return *config_; }
  const config::ClusterPtr& config_ptr() const { return config_; }
  runtime::Loop& loop() { return loop_; }
  unsigned worker() const { return worker_; }
  ClusterStats& stats() { return stats_; }
  http::Http1Stats& http1_stats() { return config_->http1_stats->local<http::Http1Stats>(worker_); }
  http::Http2Stats& http2_stats() { return config_->http2_stats->local<http::Http2Stats>(worker_); }
  // By the request's origin: cluster.<name>.internal. or .external.; made with the first response.
  ClusterCodeStats& origin_stats(bool internal) {
    ClusterCodeStats*& stats = origin_stats_[internal ? 1 : 0];
    if (stats == nullptr) {
      stats = &(internal ? config_->internal_stats : config_->external_stats)
                   ->local<ClusterCodeStats>(worker_);
    }
    return *stats;
  }
  ClusterCodeStats& retry_stats() { return config_->retry_stats->local<ClusterCodeStats>(worker_); }
  ResourceLimits& limits(bool high_priority) { return limits_[high_priority ? 1 : 0]; }
  CircuitBreakerStats& breaker_stats(bool high_priority) {
    return *breaker_stats_[high_priority ? 1 : 0];
  }
  // Keeps the *_open gauges true after a limit was taken or given back.
  void note_limits(bool high_priority);

  // nullptr: the cluster has no host that may be used. Who holds it beyond the call holds a
  // HostRef.
  Host* pick_host(const LbContext& context);
  Host* pick_host(uint64_t random) {
    LbContext context;
    context.random = random;
    return pick_host(context);
  }
  size_t host_count() const { return balancer_.host_count(); }
  size_t healthy_count() const { return balancer_.healthy_count(); }
  const std::vector<HostRef>& hosts() const { return hosts_; }
  // The pool of this host for the request's protocol and needs, made on first use.
  ConnPool& pool(Host& host, bool high_priority, http::Protocol downstream_protocol,
                 const ConnectionNeeds& needs = {});
  // The pool of this host for octets: CONNECTs that end here, TCP connections.
  ConnPool& tunnel_pool(Host& host, bool high_priority, const ConnectionNeeds& needs = {}) {
    return pool(host, high_priority, PoolKind::tunnel, needs);
  }
  // Hosts of endpoints that stay are kept, with their connections; those that went get no new
  // request, finish what they have and are gone.
  void update_endpoints(const EndpointSetPtr& endpoints);
  // Ends every connection now.
  void close_all();

  // nullptr: plain. Made on first use.
  tls::ClientContext* tls_context(const config::TransportSocket& socket);
  // From pools: it has neither connections nor waiters any more / again.
  void on_pool_idle(ConnPool& pool);
  void on_pool_busy(Host& host);

 private:
  friend class OriginalHosts;
  ConnPool& pool(Host& host, bool high_priority, PoolKind kind, const ConnectionNeeds& needs);
  std::vector<std::vector<Host*>> make_hosts(const config::EndpointSet& endpoints);
  HostRef make_host(const config::EndpointPtr& endpoint);
  // The host that `endpoint` continues, taken out of `old`; or a new one.
  HostRef host_of(const config::EndpointPtr& endpoint, std::vector<HostRef>& old);
  Host* find_override(std::string_view address) const;
  void retire(const HostRef& host);
  void sweep_retired();

  config::ClusterPtr config_;
  runtime::Loop& loop_;
  unsigned worker_;
  uint64_t seed_;
  ClusterStats& stats_;
  std::array<ClusterCodeStats*, 2> origin_stats_{};
  std::array<ResourceLimits, 2> limits_;
  std::array<CircuitBreakerStats*, 2> breaker_stats_;
  std::vector<std::pair<const config::TransportSocket*, std::unique_ptr<tls::ClientContext>>>
      tls_contexts_;
  std::vector<HostRef> hosts_;
  std::vector<HostRef> retired_;  // removed, with connections or waiters
  LoadBalancer balancer_;
  std::unique_ptr<OriginalHosts> original_;  // of an ORIGINAL_DST cluster
  runtime::TurnTask sweep_;
};

class ClusterTable {
 public:
  ClusterTable(runtime::Loop& loop, unsigned worker, uint64_t seed)
      : loop_(loop), worker_(worker), seed_(seed) {}

  // All clusters of the configuration, by slot; called before the worker serves and with every
  // change.
  void set_clusters(const std::vector<config::ClusterPtr>& clusters);
  // The endpoints of the cluster in this slot from now on.
  void update_endpoints(uint32_t slot, EndpointSetPtr endpoints);
  // nullptr: no cluster of that name.
  WorkerCluster* find(uint32_t slot) {
    if (slot >= entries_.size()) return nullptr;
    Entry& entry = entries_[slot];
    if (entry.active != nullptr) return entry.active.get();
    return entry.config == nullptr ? nullptr : activate(entry);
  }
  const config::Cluster* config(const config::ClusterRef& ref) const {
    return ref.slot < entries_.size() ? entries_[ref.slot].config.get() : nullptr;
  }
  // Name -> cluster, for names that come from a request (cluster_header).
  WorkerCluster* find(std::string_view name);
  // Ends every connection now.
  void close_all();

 private:
  struct Entry {
    config::ClusterPtr config;
    EndpointSetPtr endpoints;  // nullptr: those of the configuration
    std::unique_ptr<WorkerCluster> active;
  };
  WorkerCluster* activate(Entry& entry);

  runtime::Loop& loop_;
  unsigned worker_;
  uint64_t seed_;
  std::vector<Entry> entries_;
};

}  // namespace outrigger::upstream
