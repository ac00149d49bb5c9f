// WorkerCluster: what ONE worker needs of one cluster to send requests to it. ClusterTable: all of
// them, by slot, made with the first request. Thread: that worker. Lifetime: the worker's; a
// replaced cluster lives on until its last stream and connection are gone.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "api/config/cluster.h"
#include "api/http/codec_options.h"
#include "api/stats_cluster.h"
#include "proxy/runtime/loop.h"
#include "proxy/upstream/load_balancer.h"
#include "proxy/upstream/resource_limit.h"

namespace outrigger::upstream {

class WorkerCluster {
 public:
  WorkerCluster(config::ClusterPtr config, runtime::Loop& loop, unsigned worker, uint64_t seed);
  ~WorkerCluster();
  WorkerCluster(const WorkerCluster&) = delete;
  WorkerCluster& operator=(const WorkerCluster&) = delete;

  const config::Cluster& config() const { return *config_; }
  const config::ClusterPtr& config_ptr() const { return config_; }
  runtime::Loop& loop() { return loop_; }
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

  // nullptr: the cluster has no host that may be used.
  Host* pick_host(uint64_t random);
  size_t host_count() const { return balancer_.host_count(); }
  size_t healthy_count() const { return balancer_.healthy_count(); }
  const std::vector<std::unique_ptr<Host>>& hosts() const { return hosts_; }
  // The pool of this host for the request's protocol, made on first use.
  ConnPool& pool(Host& host, bool high_priority, http::Protocol downstream_protocol);
  // The pool of this host for CONNECTs that end here.
  ConnPool& tunnel_pool(Host& host, bool high_priority) {
    return pool(host, high_priority, PoolKind::tunnel);
  }
  // Ends every connection now.
  void close_all();

 private:
  ConnPool& pool(Host& host, bool high_priority, PoolKind kind);
  std::vector<std::vector<Host*>> make_hosts();

  config::ClusterPtr config_;
  runtime::Loop& loop_;
  unsigned worker_;
  ClusterStats& stats_;
  std::array<ClusterCodeStats*, 2> origin_stats_{};
  std::array<ResourceLimits, 2> limits_;
  std::array<CircuitBreakerStats*, 2> breaker_stats_;
  std::vector<std::unique_ptr<Host>> hosts_;
  LoadBalancer balancer_;
};

class ClusterTable {
 public:
  ClusterTable(runtime::Loop& loop, unsigned worker, uint64_t seed)
      : loop_(loop), worker_(worker), seed_(seed) {}

  // All clusters of the configuration, by slot; called before the worker serves and with every
  // change.
  void set_clusters(const std::vector<config::ClusterPtr>& clusters);
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
    std::unique_ptr<WorkerCluster> active;
  };
  WorkerCluster* activate(Entry& entry);

  runtime::Loop& loop_;
  unsigned worker_;
  uint64_t seed_;
  std::vector<Entry> entries_;
};

}  // namespace outrigger::upstream
