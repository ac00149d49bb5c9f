// WorkerCluster: what ONE worker needs of one version of one cluster to send requests to it.
// WorkerClusterRef: keeps it for a request that was begun with it. Thread: that worker (counts are
// not atomic). Lifetime: the ClusterTable's entry; a version that was replaced or removed lives on
// until its last stream and connection are gone, and so does a host that an update removed.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "api/config/cluster.h"
#include "api/http/codec_options.h"
#include "api/stats_cluster.h"
#include "proxy/runtime/loop.h"
#include "proxy/tls/client_context.h"
#include "proxy/upstream/cluster_hash_tables.h"
#include "proxy/upstream/code_stats.h"
#include "proxy/upstream/connection_needs.h"
#include "proxy/upstream/lb_context.h"
#include "proxy/upstream/load_balancer.h"
#include "proxy/upstream/placed_endpoints.h"
#include "proxy/upstream/resource_limit.h"
#include "proxy/upstream/subset_balancer.h"

namespace outrigger::upstream {

class AggregateHosts;
class ClusterTable;
class DynamicHosts;
class OriginalHosts;
class WorkerCluster;
using EndpointSetPtr = std::shared_ptr<const config::EndpointSet>;

class WorkerClusterRef {
 public:
  WorkerClusterRef() = default;
  WorkerClusterRef(WorkerCluster* cluster);  // NOLINT: a reference to what a pointer names
  WorkerClusterRef(const WorkerClusterRef& other) : WorkerClusterRef(other.cluster_) {}
  WorkerClusterRef(WorkerClusterRef&& other) noexcept
      : cluster_(std::exchange(other.cluster_, nullptr)) {}
  WorkerClusterRef& operator=(WorkerClusterRef other) noexcept {
    std::swap(cluster_, other.cluster_);
    return *this;
  }
  ~WorkerClusterRef();
  WorkerCluster* get() const { return cluster_; }
  WorkerCluster* operator->() const { return cluster_; }
  WorkerCluster& operator*() const { return *cluster_; }
  operator WorkerCluster*() const { return cluster_; }  // NOLINT: borrowed for the call

 private:
  WorkerCluster* cluster_ = nullptr;
};

class WorkerCluster {
 public:
  // `endpoints` nullptr: those of the configuration. `before`: an earlier version with the same
  // connection_identity, whose hosts go on in this one, with their connections.
  WorkerCluster(config::ClusterPtr config, runtime::Loop& loop, unsigned worker, uint64_t seed,
                EndpointSetPtr endpoints = nullptr, WorkerCluster* before = nullptr,
                HostStatesPtr states = nullptr, const BalancerEnv& env = {},
                const ClusterHashTablesPtr& tables = nullptr);
  ~WorkerCluster();
  WorkerCluster(const WorkerCluster&) = delete;
  WorkerCluster& operator=(const WorkerCluster&) = delete;

  // From its table: `number` tells it from every other cluster that the table had. Until then an
  // aggregate has no hosts.
  void join(ClusterTable& table, uint64_t number);
  // Another number whenever the hosts, or what is known of them, changed.
  uint64_t generation() const { return generation_; }
  uint32_t overprovisioning_percent() const { return overprovisioning_percent_; }
  uint32_t priority_count() const { return priority_count_; }

  const config::Cluster& config() const { return *config_; }
  const config::ClusterPtr& config_ptr() const { return config_; }
  runtime::Loop& loop() { return loop_; }
  unsigned worker() const { return worker_; }
  ClusterStats& stats() { return stats_; }
  http::Http1Stats& http1_stats() { return config_->http1_stats->local<http::Http1Stats>(worker_); }
  http::Http2Stats& http2_stats() { return config_->http2_stats->local<http::Http2Stats>(worker_); }
  // Made with the first response.
  ClusterResponseStats& response_stats() {
    if (response_stats_ == nullptr)
      response_stats_ = &config_->response_stats->local<ClusterResponseStats>(worker_);
    return *response_stats_;
  }
  // By the request's origin.
  ClusterCodeStats& origin_stats(bool internal) {
    return internal ? response_stats().internal : response_stats().external;
  }
  // Of responses of this worker; see CodeStats.
  StatsScopePtr code_stats(std::string_view below, StatsRegistry& registry) {
    return code_stats_.find(*config_->stats, below, registry);
  }
  ResourceLimits& limits(bool high_priority) { return limits_[high_priority ? 1 : 0]; }
  CircuitBreakerStats& breaker_stats(bool high_priority) {
    return breaker_stats_.of_priority[high_priority ? 1 : 0];
  }
  // One more retry at this time, if the limit or the budget allows it.
  bool try_take_retry(bool high_priority);
  bool retries_at_limit(bool high_priority) {
    return limits(high_priority).retries.used() >= retry_limit(high_priority);
  }
  // Keeps the gauges true after a limit was taken or given back.
  void note_limits(bool high_priority);
  // A request met a limit: for load reports.
  void note_overflow() {
    config_->circuit_breakers[0].usage->overflowed.fetch_add(1, std::memory_order_relaxed);
  }
  // Which part of the requests is to be turned away; nullptr: none.
  const config::DropOverload* drop_overload() const { return drop_overload_.get(); }
  // This one is. Counts it.
  void note_drop();

  // nullptr: the cluster has no host that may be used. Who holds it beyond the call holds a
  // HostRef.
  Host* pick_host(const LbContext& context);
  Host* pick_host(uint64_t random) {
    LbContext context;
    context.random = random;
    return pick_host(context);
  }
  // LbContext::priority_loads that leave priorities out; empty: nothing is left.
  std::vector<uint32_t> loads_without(const std::vector<uint32_t>& priorities) const;
  // The host's priority, as loads_without counts them.
  uint32_t priority_of(const Host& host) const;
  // The choice depends on a hash of the request's own.
  bool wants_hash() const;
  // What a request says of the hosts' metadata matters.
  bool has_subsets() const {
    return aggregate_ != nullptr ||
           (config_->balancer_options != nullptr && config_->balancer_options->subsets != nullptr);
  }
  size_t host_count() const;
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
  // request, finish what they have and are gone. Costs hashing only for endpoints that changed.
  // `states`: what is known of each; nullptr: nothing. `tables`: of these endpoints, or of others:
  // then they are not used.
  void update_endpoints(const EndpointSetPtr& endpoints, const HostStatesPtr& states = nullptr,
                        const ClusterHashTablesPtr& tables = nullptr);
  // Ends every connection now.
  void close_all();

  // Another version took its place, or none: idle connections close, the others with their last
  // stream. `finished` runs as soon as unused() may have become true.
  void retire(runtime::TurnTask& finished);
  // Nobody holds it, and no host of its own has a connection or a waiter.
  bool unused() const { return users_ == 0 && retired_.empty(); }

  // nullptr: plain. Made on first use.
  tls::ClientContext* tls_context(const config::TransportSocket& socket);
  // From pools: it has neither connections nor waiters any more / again.
  void on_pool_idle(ConnPool& pool);
  void on_pool_busy(Host& host);

 private:
  friend class DynamicHosts;
  friend class OriginalHosts;
  friend class WorkerClusterRef;
  ConnPool& pool(Host& host, bool high_priority, PoolKind kind, const ConnectionNeeds& needs);
  PoolKind pool_kind(http::Protocol downstream_protocol) const;
  uint32_t retry_limit(bool high_priority);
  void note_remaining(bool high_priority);
  void take_over(WorkerCluster& before);
  std::vector<LocalityHosts> make_hosts(const config::EndpointSet& set, const HostStates* states);
  void bring_up_to_date(Host& host, const HostStatePtr& state, uint32_t priority);
  void balance(const config::EndpointSet& set, const HostStates* states,
               const ClusterHashTables* tables);
  void give_up_connections_of_failed();
  HostRef make_host(const config::EndpointPtr& endpoint);
  HostRef continue_host(HostRef host, const config::EndpointPtr& endpoint);
  Host* find_by_address(std::string_view address);
  Host* find_override(std::string_view address);
  Host* find_named(const LbContext& context);
  void retire(const HostRef& host);
  void sweep_retired();
  void note_unused();

  config::ClusterPtr config_;
  runtime::Loop& loop_;
  unsigned worker_;
  uint64_t seed_;
  uint32_t users_ = 0;  // WorkerClusterRef's
  ClusterStats& stats_;
  ClusterResponseStats* response_stats_ = nullptr;
  CodeStats code_stats_;
  std::array<ResourceLimits, 2> limits_;
  ClusterBreakerStats& breaker_stats_;
  std::array<CircuitBreakerRemainingStats*, 2> remaining_stats_{};  // nullptr: not asked for
  std::shared_ptr<const config::DropOverload> drop_overload_;
  std::vector<std::pair<const config::TransportSocket*, std::unique_ptr<tls::ClientContext>>>
      tls_contexts_;
  std::vector<HostRef> hosts_;
  std::vector<HostRef> failed_;   // found unhealthy while they are looked at
  std::vector<HostRef> leaving_;  // while an update is under way: they go when it is in force
  std::vector<HostRef> retired_;  // removed, with connections or waiters
  PlacedEndpoints placed_;        // of hosts_, when they were updated; empty: nothing is known
  // For sessions: made with the first of them, nullptr again when the hosts change.
  std::unique_ptr<absl::flat_hash_map<std::string, Host*>> hosts_by_address_;
  BalancerEnv env_;
  LoadBalancer balancer_;
  std::unique_ptr<SubsetBalancer> subsets_;  // nullptr: none are configured
  std::unique_ptr<OriginalHosts> original_;  // of an ORIGINAL_DST cluster
  std::unique_ptr<DynamicHosts> dynamic_;    // of a dynamic_forward_proxy
  std::unique_ptr<AggregateHosts> aggregate_;
  uint64_t generation_ = 0;
  uint32_t overprovisioning_percent_ = 140;
  uint32_t priority_count_ = 0;
  WorkerClusterRef successor_;  // that took its hosts over
  runtime::TurnTask sweep_;
  runtime::TurnTask* finished_ = nullptr;  // it is retired
};

inline WorkerClusterRef::WorkerClusterRef(WorkerCluster* cluster) : cluster_(cluster) {
  if (cluster_ != nullptr) ++cluster_->users_;
}
inline WorkerClusterRef::~WorkerClusterRef() {
  if (cluster_ != nullptr && --cluster_->users_ == 0) cluster_->note_unused();
}

}  // namespace outrigger::upstream
