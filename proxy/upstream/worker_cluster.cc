#include <algorithm>

#include "proxy/upstream/cluster_table.h"
#include "proxy/upstream/conn_pool.h"
#include "proxy/upstream/original_hosts.h"

namespace outrigger::upstream {
namespace {

using runtime::Deferred;

ResourceLimits limits_of(const config::CircuitBreaker& breaker) {
  config::ResourceUsage& usage = *breaker.usage;
  return {ResourceLimit(usage.connections, breaker.max_connections),
          ResourceLimit(usage.pending_requests, breaker.max_pending_requests),
          ResourceLimit(usage.requests, breaker.max_requests),
          ResourceLimit(usage.retries, breaker.max_retries)};
}

// A pool that may still be on the stack.
struct LastPool final : Deferred {
  explicit LastPool(std::unique_ptr<ConnPool> pool_in) : pool(std::move(pool_in)) {}
  std::unique_ptr<ConnPool> pool;
};

bool busy(Host& host) {
  bool any = false;
  host.for_each_pool([&](ConnPool& pool) { any = any || !pool.idle(); });
  return any;
}

}  // namespace

WorkerCluster::WorkerCluster(config::ClusterPtr config, runtime::Loop& loop, unsigned worker,
                             uint64_t seed, EndpointSetPtr endpoints)
    : config_(std::move(config)),
      loop_(loop),
      worker_(worker),
      seed_(seed),
      stats_(config_->stats->local<ClusterStats>(worker)),
      limits_{limits_of(config_->circuit_breakers[0]), limits_of(config_->circuit_breakers[1])},
      breaker_stats_{&config_->circuit_breakers[0].stats->local<CircuitBreakerStats>(worker),
                     &config_->circuit_breakers[1].stats->local<CircuitBreakerStats>(worker)},
      balancer_(*config_, make_hosts(endpoints == nullptr ? *config_->endpoints : *endpoints),
                seed),
      sweep_([](void* self) { static_cast<WorkerCluster*>(self)->sweep_retired(); }, this) {
  if (config_->original_dst) original_ = std::make_unique<OriginalHosts>(*this);
}

WorkerCluster::~WorkerCluster() = default;

HostRef WorkerCluster::make_host(const config::EndpointPtr& endpoint) {
  return HostRef(new Host(endpoint, worker_, *choose_transport_socket(*config_, *endpoint).socket));
}

// A host goes on if its address and its transport socket stay. The one host of a LOGICAL_DNS
// cluster goes on whatever its address: its connections stay, new ones go to the new address.
HostRef WorkerCluster::host_of(const config::EndpointPtr& endpoint, std::vector<HostRef>& old) {
  bool logical = config_->discovery == config::Cluster::Discovery::logical_dns;
  auto same = [&](const HostRef& host) {
    return host != nullptr &&
           (host->endpoint == endpoint || logical ||
            (host->endpoint->address == endpoint->address &&
             host->endpoint->hostname == endpoint->hostname)) &&
           host->transport_socket == *choose_transport_socket(*config_, *endpoint).socket;
  };
  auto at = std::find_if(old.begin(), old.end(), same);
  if (at == old.end()) return make_host(endpoint);
  HostRef host = std::move(*at);
  host->set_endpoint(endpoint);
  return host;
}

std::vector<std::vector<Host*>> WorkerCluster::make_hosts(const config::EndpointSet& endpoints) {
  std::vector<HostRef> old = std::exchange(hosts_, {});
  std::vector<std::vector<Host*>> priorities;
  for (const config::LocalityEndpoints& locality : endpoints.localities) {
    if (locality.priority >= priorities.size()) priorities.resize(locality.priority + 1);
    for (const config::EndpointPtr& endpoint : locality.endpoints) {
      hosts_.push_back(host_of(endpoint, old));
      priorities[locality.priority].push_back(hosts_.back());
    }
  }
  for (const HostRef& host : old) {
    if (host != nullptr) retire(host);
  }
  return priorities;
}

void WorkerCluster::update_endpoints(const EndpointSetPtr& endpoints) {
  // The balancer first: it must not pick a host while its pools drain.
  std::vector<HostRef> keep = hosts_;
  balancer_ = LoadBalancer(*config_, make_hosts(*endpoints), seed_);
}

void WorkerCluster::retire(const HostRef& host) {
  host->removed = true;
  std::vector<ConnPool*> pools;  // draining may make some go
  host->for_each_pool([&](ConnPool& pool) { pools.push_back(&pool); });
  for (ConnPool* pool : pools) pool->drain();
  if (busy(*host)) on_pool_busy(*host);
}

void WorkerCluster::on_pool_busy(Host& host) {
  if (!host.removed || host.retired) return;
  host.retired = true;
  retired_.push_back(&host);
}

void WorkerCluster::on_pool_idle(ConnPool& pool) {
  Host& host = pool.host();
  if (host.removed && host.retired) loop_.run_soon(sweep_);
  if (auto at = host.special_pools.find(pool.key()); at != host.special_pools.end()) {
    loop_.defer_delete(std::make_unique<LastPool>(std::move(at->second)));
    host.special_pools.erase(at);
  }
}

void WorkerCluster::sweep_retired() {
  std::erase_if(retired_, [](const HostRef& host) {
    if (busy(*host)) return false;
    host->retired = false;
    return true;
  });
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

Host* WorkerCluster::find_override(std::string_view address) const {
  for (const HostRef& host : hosts_) {
    if (host->endpoint->health != config::Endpoint::Health::unhealthy &&
        host->endpoint->address.text() == address)
      return host;
  }
  return nullptr;
}

Host* WorkerCluster::pick_host(const LbContext& context) {
  if (original_ != nullptr) return original_->pick(context);
  if (!context.override_host.empty()) {
    if (Host* host = find_override(context.override_host)) return host;
  }
  bool panic = false;
  Host* host = balancer_.pick(context.random, panic);
  if (panic) stats_.lb_healthy_panic.inc();
  return host;
}

ConnPool& WorkerCluster::pool(Host& host, bool high_priority, http::Protocol downstream_protocol,
                              const ConnectionNeeds& needs) {
  using Version = config::UpstreamHttp::Version;
  PoolKind kind = PoolKind::http1;
  switch (config_->http.version) {
    case Version::http1:
      break;
    case Version::http2:
      kind = PoolKind::http2;
      break;
    case Version::downstream:
      if (downstream_protocol == http::Protocol::http2) kind = PoolKind::http2;
      break;
    case Version::alpn:
      kind = PoolKind::alpn;
      break;
  }
  return pool(host, high_priority, kind, needs);
}

ConnPool& WorkerCluster::pool(Host& host, bool high_priority, PoolKind kind,
                              const ConnectionNeeds& needs) {
  std::string identity = needs.identity();
  std::unique_ptr<ConnPool>* pool =
      identity.empty()
          ? &host.pools[high_priority ? 1 : 0][static_cast<size_t>(kind)]
          : &host.special_pools[ConnPool::key_of(high_priority, kind, std::move(identity))];
  if (*pool == nullptr) *pool = std::make_unique<ConnPool>(*this, host, high_priority, kind, needs);
  return **pool;
}

tls::ClientContext* WorkerCluster::tls_context(const config::TransportSocket& socket) {
  if (socket.tls == nullptr) return nullptr;
  for (auto& [of, context] : tls_contexts_) {
    if (of == &socket) return context.get();
  }
  tls_contexts_.emplace_back(&socket,
                             std::make_unique<tls::ClientContext>(socket.tls, loop_, worker_));
  return tls_contexts_.back().second.get();
}

void WorkerCluster::close_all() {
  std::vector<HostRef> hosts = hosts_;
  hosts.insert(hosts.end(), retired_.begin(), retired_.end());
  if (original_ != nullptr) original_->append_to(hosts);
  std::vector<ConnPool*> pools;  // some go when they are idle
  for (const HostRef& host : hosts)
    host->for_each_pool([&](ConnPool& pool) { pools.push_back(&pool); });
  for (ConnPool* pool : pools) pool->close_all();
}

}  // namespace outrigger::upstream
