#include "proxy/upstream/worker_cluster.h"

#include <algorithm>

#include "proxy/upstream/conn_pool.h"
#include "proxy/upstream/host_match.h"
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
                             uint64_t seed, EndpointSetPtr endpoints, WorkerCluster* before,
                             HostStatesPtr states)
    : config_(std::move(config)),
      loop_(loop),
      worker_(worker),
      seed_(seed),
      stats_(config_->stats->local<ClusterStats>(worker)),
      limits_{limits_of(config_->circuit_breakers[0]), limits_of(config_->circuit_breakers[1])},
      breaker_stats_{&config_->circuit_breakers[0].stats->local<CircuitBreakerStats>(worker),
                     &config_->circuit_breakers[1].stats->local<CircuitBreakerStats>(worker)},
      sweep_([](void* self) { static_cast<WorkerCluster*>(self)->sweep_retired(); }, this) {
  if (before != nullptr) take_over(*before);
  balance(endpoints == nullptr ? *config_->endpoints : *endpoints, states.get());
  if (config_->original_dst) original_ = std::make_unique<OriginalHosts>(*this);
}

WorkerCluster::~WorkerCluster() = default;

// Requests of the earlier version may still pick among its hosts: it keeps them as well.
void WorkerCluster::take_over(WorkerCluster& before) {
  hosts_ = before.hosts_;
  retired_ = std::exchange(before.retired_, {});
  tls_contexts_ = std::exchange(before.tls_contexts_, {});
  for (const HostRef& host : hosts_) host->owner = this;
  for (const HostRef& host : retired_) host->owner = this;
  before.successor_ = this;
}

HostRef WorkerCluster::make_host(const config::EndpointPtr& endpoint) {
  HostRef host(new Host(endpoint, worker_, *choose_transport_socket(*config_, *endpoint).socket));
  host->owner = this;
  return host;
}

// A host goes on if its address and its transport socket stay. The one host of a LOGICAL_DNS
// cluster goes on whatever its address: its connections stay, new ones go to the new address.
HostRef WorkerCluster::continue_host(HostRef host, const config::EndpointPtr& endpoint) {
  if (host == nullptr) return make_host(endpoint);
  if (host->endpoint == endpoint) return host;
  if (host->transport_socket != *choose_transport_socket(*config_, *endpoint).socket) {
    retire(host);
    return make_host(endpoint);
  }
  host->set_endpoint(endpoint);
  return host;
}

std::vector<LocalityHosts> WorkerCluster::make_hosts(const config::EndpointSet& set,
                                                     const HostStates* states) {
  std::vector<const config::Endpoint*> endpoints;
  for (const config::LocalityEndpoints& locality : set.localities) {
    for (const config::EndpointPtr& endpoint : locality.endpoints)
      endpoints.push_back(endpoint.get());
  }
  hosts_by_address_ = nullptr;
  HostMatch match(std::exchange(hosts_, {}));
  hosts_ = match.match(endpoints, config_->discovery == config::Cluster::Discovery::logical_dns);
  if (states != nullptr && states->size() != endpoints.size()) states = nullptr;
  std::vector<LocalityHosts> localities(set.localities.size());
  size_t place = 0;
  for (size_t i = 0; i < set.localities.size(); ++i) {
    const config::LocalityEndpoints& from = set.localities[i];
    localities[i].priority = from.priority;
    localities[i].weight = from.weight.value_or(0);
    localities[i].hosts.reserve(from.endpoints.size());
    for (const config::EndpointPtr& endpoint : from.endpoints) {
      HostRef& host = hosts_[place];
      host = continue_host(std::move(host), endpoint);
      if (host->set_state(states == nullptr ? nullptr : (*states)[place], worker_))
        failed_.push_back(host);
      ++place;
      localities[i].hosts.push_back(host);
    }
  }
  for (const HostRef& host : match.left()) retire(host);
  return localities;
}

void WorkerCluster::update_endpoints(const EndpointSetPtr& endpoints, const HostStatesPtr& states) {
  // The balancer first: it must not pick a host while its pools drain.
  std::vector<HostRef> keep = hosts_;
  balance(*endpoints, states.get());
}

void WorkerCluster::balance(const config::EndpointSet& set, const HostStates* states) {
  balancer_ = LoadBalancer(*config_, make_hosts(set, states), seed_, set.overprovisioning_percent);
  give_up_connections_of_failed();
}

// It may be the way to the host that fails: when it comes back, it gets new connections.
void WorkerCluster::give_up_connections_of_failed() {
  for (const HostRef& host : std::exchange(failed_, {})) {
    std::vector<ConnPool*> pools;  // draining may make some go
    host->for_each_pool([&](ConnPool& pool) { pools.push_back(&pool); });
    for (ConnPool* pool : pools) {
      bool cut =
          config_->close_connections_on_host_health_failure && pool->kind() == PoolKind::tunnel;
      cut ? pool->close_all() : pool->drain();
    }
  }
}

void WorkerCluster::retire(runtime::TurnTask& finished) {
  finished_ = &finished;
  // What another version took over is that one's now.
  for (const HostRef& host : hosts_) {
    if (host->owner == this) retire(host);
  }
  if (original_ != nullptr) original_->retire();
  note_unused();
}

void WorkerCluster::note_unused() {
  if (finished_ != nullptr && unused()) loop_.run_soon(*finished_);
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
  note_unused();
}

uint32_t WorkerCluster::retry_limit(bool high_priority) {
  ResourceLimits& limits = this->limits(high_priority);
  const auto& budget = config_->circuit_breakers[high_priority ? 1 : 0].retry_budget;
  if (!budget) return limits.retries.limit();
  double active = limits.requests.used() + limits.pending.used();
  return std::max(budget->min_concurrency, static_cast<uint32_t>(budget->percent * active / 100));
}

bool WorkerCluster::try_take_retry(bool high_priority) {
  return limits(high_priority).retries.try_take(retry_limit(high_priority));
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
  set(stats.rq_retry_open, limits.retries.used() >= retry_limit(high_priority));
}

Host* WorkerCluster::find_override(std::string_view address) {
  if (hosts_by_address_ == nullptr) {
    hosts_by_address_ = std::make_unique<absl::flat_hash_map<std::string, Host*>>();
    for (const HostRef& host : hosts_)
      hosts_by_address_->emplace(host->endpoint->address.text(), host.get());
  }
  auto found = hosts_by_address_->find(absl::string_view(address.data(), address.size()));
  bool usable = found != hosts_by_address_->end() &&
                found->second->health != config::Endpoint::Health::unhealthy;
  return usable ? found->second : nullptr;
}

Host* WorkerCluster::pick_host(const LbContext& context) {
  if (original_ != nullptr) return original_->pick(context);
  if (!context.override_host.empty()) {
    if (Host* host = find_override(context.override_host)) return host;
    if (context.override_host_strict) return nullptr;
  }
  bool panic = false;
  uint64_t draw = context.random;
  if (config_->hashes() && context.hash) draw = *context.hash ^ (uint64_t{0} - context.repeated);
  Host* host = balancer_.pick(draw, panic, context.priority_loads);
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
  if (host.owner != this) return host.owner->pool(host, high_priority, kind, needs);
  std::string identity = needs.identity();
  std::unique_ptr<ConnPool>* pool =
      identity.empty()
          ? &host.pools[high_priority ? 1 : 0][static_cast<size_t>(kind)]
          : &host.special_pools[ConnPool::key_of(high_priority, kind, std::move(identity))];
  if (*pool == nullptr) *pool = std::make_unique<ConnPool>(host, high_priority, kind, needs);
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
  for (const HostRef& host : hosts) {
    if (host->owner == this) host->for_each_pool([&](ConnPool& pool) { pools.push_back(&pool); });
  }
  for (ConnPool* pool : pools) pool->close_all();
}

}  // namespace outrigger::upstream
