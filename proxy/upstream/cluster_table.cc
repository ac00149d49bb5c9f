#include "proxy/upstream/cluster_table.h"

#include "proxy/upstream/conn_pool.h"

namespace outrigger::upstream {
namespace {

ResourceLimits limits_of(const config::CircuitBreaker& breaker) {
  config::ResourceUsage& usage = *breaker.usage;
  return {ResourceLimit(usage.connections, breaker.max_connections),
          ResourceLimit(usage.pending_requests, breaker.max_pending_requests),
          ResourceLimit(usage.requests, breaker.max_requests),
          ResourceLimit(usage.retries, breaker.max_retries)};
}

}  // namespace

Host::Host(config::EndpointPtr endpoint_in, unsigned worker)
    : endpoint(std::move(endpoint_in)), stats(endpoint->stats->local<HostStats>(worker)) {}
Host::~Host() = default;

WorkerCluster::WorkerCluster(config::ClusterPtr config, runtime::Loop& loop, unsigned worker,
                             uint64_t seed)
    : config_(std::move(config)),
      loop_(loop),
      worker_(worker),
      stats_(config_->stats->local<ClusterStats>(worker)),
      limits_{limits_of(config_->circuit_breakers[0]), limits_of(config_->circuit_breakers[1])},
      breaker_stats_{&config_->circuit_breakers[0].stats->local<CircuitBreakerStats>(worker),
                     &config_->circuit_breakers[1].stats->local<CircuitBreakerStats>(worker)},
      balancer_(*config_, make_hosts(), seed) {}

WorkerCluster::~WorkerCluster() = default;

std::vector<std::vector<Host*>> WorkerCluster::make_hosts() {
  std::vector<std::vector<Host*>> priorities;
  for (const config::LocalityEndpoints& locality : config_->endpoints->localities) {
    if (locality.priority >= priorities.size()) priorities.resize(locality.priority + 1);
    for (const config::EndpointPtr& endpoint : locality.endpoints) {
      hosts_.push_back(std::make_unique<Host>(endpoint, worker_));
      priorities[locality.priority].push_back(hosts_.back().get());
    }
  }
  return priorities;
}

void WorkerCluster::note_limits(bool high_priority) {
  ResourceLimits& limits = this->limits(high_priority);
  CircuitBreakerStats& stats = breaker_stats(high_priority);
  // A state, not a sum: only the first worker's part of the gauge carries it.
  auto set = [](Gauge& gauge, bool open) {
    if (gauge.value() != (open ? 1 : 0)) gauge.set(open ? 1 : 0);
  };
  set(stats.cx_open, limits.connections.reached());
  set(stats.rq_pending_open, limits.pending.reached());
  set(stats.rq_open, limits.requests.reached());
  set(stats.rq_retry_open, limits.retries.reached());
}

Host* WorkerCluster::pick_host(uint64_t random) {
  bool panic = false;
  Host* host = balancer_.pick(random, panic);
  if (panic) stats_.lb_healthy_panic.inc();
  return host;
}

ConnPool& WorkerCluster::pool(Host& host, bool high_priority, http::Protocol downstream_protocol) {
  using Version = config::UpstreamHttp::Version;
  Version version = config_->http.version;
  bool http2 = version == Version::http2 ||
               (version == Version::downstream && downstream_protocol == http::Protocol::http2);
  return pool(host, high_priority, http2 ? PoolKind::http2 : PoolKind::http1);
}

ConnPool& WorkerCluster::pool(Host& host, bool high_priority, PoolKind kind) {
  std::unique_ptr<ConnPool>& pool = host.pools[high_priority ? 1 : 0][static_cast<size_t>(kind)];
  if (pool == nullptr) pool = std::make_unique<ConnPool>(*this, host, high_priority, kind);
  return *pool;
}

void WorkerCluster::close_all() {
  for (auto& host : hosts_) {
    for (auto& by_protocol : host->pools) {
      for (auto& pool : by_protocol) {
        if (pool != nullptr) pool->close_all();
      }
    }
  }
}

void ClusterTable::set_clusters(const std::vector<config::ClusterPtr>& clusters) {
  for (const config::ClusterPtr& cluster : clusters) {
    if (cluster->ref.slot >= entries_.size()) entries_.resize(cluster->ref.slot + 1);
    entries_[cluster->ref.slot].config = cluster;
  }
}

WorkerCluster* ClusterTable::find(std::string_view name) {
  for (Entry& entry : entries_) {
    if (entry.config != nullptr && entry.config->ref.name == name)
      return find(entry.config->ref.slot);
  }
  return nullptr;
}

WorkerCluster* ClusterTable::activate(Entry& entry) {
  entry.active =
      std::make_unique<WorkerCluster>(entry.config, loop_, worker_, seed_ + entry.config->ref.slot);
  return entry.active.get();
}

void ClusterTable::close_all() {
  for (Entry& entry : entries_) {
    if (entry.active != nullptr) entry.active->close_all();
  }
}

}  // namespace outrigger::upstream
