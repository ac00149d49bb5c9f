#include "proxy/upstream/worker_cluster.h"

#include <algorithm>
#include <atomic>
#include <span>

#include "proxy/upstream/aggregate_hosts.h"
#include "proxy/upstream/conn_pool.h"
#include "proxy/upstream/dynamic_hosts.h"
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
          ResourceLimit(usage.retries, breaker.max_retries),
          ResourceLimit(usage.connection_pools, breaker.max_connection_pools)};
}

// A gauge that tells the state of what all workers share. Each writes it; whoever changes the state
// last looks once more after it wrote, so that the gauge ends with what is true.
template <class State>
void keep_true(Gauge& gauge, const State& state) {
  for (auto now = static_cast<int64_t>(state()); gauge.value() != now;
       now = static_cast<int64_t>(state())) {
    gauge.set(now);
    std::atomic_thread_fence(std::memory_order_seq_cst);
  }
}

constexpr unsigned kSharedShard = 0;  // of statistics that tell a state, and are no sums

// A pool that may still be on the stack.
struct LastPool final : Deferred {
  explicit LastPool(std::unique_ptr<ConnPool> pool_in) : pool(std::move(pool_in)) {}
  std::unique_ptr<ConnPool> pool;
};

std::string_view trimmed(std::string_view text) {
  size_t first = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(first);
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

// "10.0.0.1:80, 10.0.0.2:80"; empty: none.
std::string_view named_hosts(const config::OverrideHostSource& source, const LbContext& context) {
  if (!source.header.empty())
    return context.headers == nullptr ? std::string_view() : context.headers->get(source.header);
  if (context.stream == nullptr) return {};
  std::span<const std::string> path(source.path);
  const MetadataValue* value = context.stream->metadata.find(path.front(), path.subspan(1));
  return value == nullptr || value->string() == nullptr ? std::string_view() : *value->string();
}

// One for all localities of the zone; nullptr: it has no name.
std::shared_ptr<HostZone> make_zone(const std::string& name,
                                    std::vector<std::shared_ptr<HostZone>>& made) {
  if (name.empty()) return nullptr;
  for (const auto& zone : made) {
    if (zone->name == name) return zone;
  }
  made.push_back(std::make_shared<HostZone>(HostZone{name, nullptr}));
  return made.back();
}

// As a number of envoy.config.core.v3.HealthStatus: what is found out, then what was said of it.
uint32_t status_of(const Host& host) {
  constexpr uint32_t kUnhealthy = 2, kDegraded = 5;
  const config::Endpoint& endpoint = *host.endpoint;
  if (host.found_bad) return kUnhealthy;
  bool said_bad = endpoint.health == config::Endpoint::Health::unhealthy;
  bool degraded = host.health == config::Endpoint::Health::degraded;
  return degraded && !said_bad ? kDegraded : endpoint.status;
}

}  // namespace

WorkerCluster::WorkerCluster(config::ClusterPtr config, runtime::Loop& loop, unsigned worker,
                             uint64_t seed, EndpointSetPtr endpoints, WorkerCluster* before,
                             HostStatesPtr states, const BalancerEnv& env,
                             const ClusterHashTablesPtr& tables)
    : config_(std::move(config)),
      loop_(loop),
      worker_(worker),
      seed_(seed),
      stats_(config_->stats->local<ClusterStats>(worker)),
      limits_{limits_of(config_->circuit_breakers[0]), limits_of(config_->circuit_breakers[1])},
      breaker_stats_(config_->breaker_stats->local<ClusterBreakerStats>(kSharedShard)),
      env_{&loop, env.runtime, &stats_, env.table},
      sweep_([](void* self) { static_cast<WorkerCluster*>(self)->sweep_retired(); }, this) {
  if (has_subsets()) subsets_ = std::make_unique<SubsetBalancer>(*config_, seed, env_);
  for (bool high : {false, true}) {
    const StatsScopePtr& remaining = config_->circuit_breakers[high ? 1 : 0].remaining_stats;
    if (remaining == nullptr) continue;
    remaining_stats_[high ? 1 : 0] = &remaining->local<CircuitBreakerRemainingStats>(kSharedShard);
    note_remaining(high);
  }
  if (config_->discovery == config::Cluster::Discovery::dynamic_forward_proxy)
    dynamic_ = std::make_unique<DynamicHosts>(*this);
  if (before != nullptr) take_over(*before);
  balance(endpoints == nullptr ? *config_->endpoints : *endpoints, states.get(), tables.get());
  if (config_->original_dst != nullptr) original_ = std::make_unique<OriginalHosts>(*this);
}

WorkerCluster::~WorkerCluster() = default;

// Requests of the earlier version may still pick among its hosts: it keeps them as well.
void WorkerCluster::take_over(WorkerCluster& before) {
  hosts_ = before.hosts_;
  retired_ = std::exchange(before.retired_, {});
  tls_contexts_ = std::exchange(before.tls_contexts_, {});
  for (const HostRef& host : hosts_) host->owner = this;
  for (const HostRef& host : retired_) host->owner = this;
  if (dynamic_ != nullptr && before.dynamic_ != nullptr) dynamic_->take_over(*before.dynamic_);
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
    leaving_.push_back(host);
    return make_host(endpoint);
  }
  host->set_endpoint(endpoint);
  return host;
}

void WorkerCluster::bring_up_to_date(Host& host, const HostStatePtr& state, uint32_t priority) {
  host.priority = priority;
  if (host.set_state(state)) failed_.push_back(&host);
  host.note_service(loop_.now());
}

std::vector<LocalityHosts> WorkerCluster::make_hosts(const config::EndpointSet& set,
                                                     const HostStates* states) {
  hosts_by_address_ = nullptr;
  HostMatch match(std::exchange(hosts_, {}), placed_.endpoints());
  PlacedEndpoints now(set, states);
  bool one_name = config_->discovery == config::Cluster::Discovery::logical_dns;
  hosts_ = match.match(now.endpoints(), one_name);
  if (states != nullptr && states->size() != hosts_.size()) states = nullptr;
  std::vector<uint32_t> like = placed_.counterparts(set);
  // Not even looked at: of many endpoints an update changes few.
  auto unchanged = [&](size_t place, size_t locality) {
    uint32_t was = match.place_before(place);
    return was != HostMatch::kNone && placed_.has(was, like[locality], now.state_of(place));
  };
  std::vector<LocalityHosts> localities(set.localities.size());
  std::vector<std::shared_ptr<HostZone>> zones;
  size_t place = 0;
  for (size_t i = 0; i < set.localities.size(); ++i) {
    const config::LocalityEndpoints& from = set.localities[i];
    localities[i].priority = from.priority;
    localities[i].weight = from.weight.value_or(0);
    localities[i].locality = &from.locality;
    localities[i].hosts.reserve(from.endpoints.size());
    std::shared_ptr<HostZone> zone = make_zone(from.locality.zone, zones);
    for (const config::EndpointPtr& endpoint : from.endpoints) {
      HostRef& host = hosts_[place];
      if (!unchanged(place, i)) {
        host = continue_host(std::move(host), endpoint);
        host->zone = zone;
        bring_up_to_date(*host, states == nullptr ? nullptr : (*states)[place], from.priority);
      }
      ++place;
      localities[i].hosts.push_back(host);
    }
  }
  leaving_.insert(leaving_.end(), match.left().begin(), match.left().end());
  placed_ = std::move(now);
  return localities;
}

void WorkerCluster::update_endpoints(const EndpointSetPtr& endpoints, const HostStatesPtr& states,
                                     const ClusterHashTablesPtr& tables) {
  balance(*endpoints, states.get(), tables.get());
}

void WorkerCluster::balance(const config::EndpointSet& set, const HostStates* states,
                            const ClusterHashTables* tables) {
  if (dynamic_ != nullptr) return dynamic_->update_states(set, states);
  ++generation_;
  drop_overload_ = set.drop_overload;
  overprovisioning_percent_ = set.overprovisioning_percent;
  priority_count_ = 0;
  for (const config::LocalityEndpoints& locality : set.localities)
    priority_count_ = std::max(priority_count_, locality.priority + 1);
  std::vector<LocalityHosts> localities = make_hosts(set, states);
  if (tables != nullptr && !tables->are_of(set)) tables = nullptr;
  balancer_ = LoadBalancer(*config_, localities, seed_, set.overprovisioning_percent, env_, tables);
  if (subsets_ != nullptr) subsets_->update(localities, set.overprovisioning_percent);
  // The balancer first: it must not pick a host while its pools drain.
  for (const HostRef& host : std::exchange(leaving_, {})) retire(host);
  give_up_connections_of_failed();
}

// It may be the way to the host that fails: when it comes back, it gets new connections.
void WorkerCluster::give_up_connections_of_failed() {
  for (const HostRef& host : std::exchange(failed_, {})) {
    for (ConnPool* pool : host->all_pools()) {
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
  if (dynamic_ != nullptr) dynamic_->retire();
  note_unused();
}

void WorkerCluster::note_unused() {
  if (finished_ != nullptr && unused()) loop_.run_soon(*finished_);
}

void WorkerCluster::retire(const HostRef& host) {
  host->removed = true;
  for (ConnPool* pool : host->all_pools()) pool->drain();
  if (host->busy()) on_pool_busy(*host);
}

void WorkerCluster::on_pool_busy(Host& host) {
  if (!host.removed || host.retired) return;
  host.retired = true;
  retired_.push_back(&host);
}

void WorkerCluster::on_pool_idle(ConnPool& pool) {
  Host& host = pool.host();
  if (host.removed && host.retired) loop_.run_soon(sweep_);
  auto& special = host.pools->special;
  if (auto at = special.find(pool.key()); at != special.end()) {
    loop_.defer_delete(std::make_unique<LastPool>(std::move(at->second)));
    special.erase(at);
  }
}

void WorkerCluster::sweep_retired() {
  std::erase_if(retired_, [](const HostRef& host) {
    if (host->busy()) return false;
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
  keep_true(stats.cx_open, [&] { return limits.connections.reached(); });
  keep_true(stats.cx_pool_open, [&] { return limits.pools.reached(); });
  keep_true(stats.rq_pending_open, [&] { return limits.pending.reached(); });
  keep_true(stats.rq_open, [&] { return limits.requests.reached(); });
  keep_true(stats.rq_retry_open, [&] { return retries_at_limit(high_priority); });
  if (remaining_stats_[high_priority ? 1 : 0] != nullptr) note_remaining(high_priority);
}

void WorkerCluster::note_remaining(bool high_priority) {
  ResourceLimits& limits = this->limits(high_priority);
  CircuitBreakerRemainingStats& stats = *remaining_stats_[high_priority ? 1 : 0];
  keep_true(stats.remaining_cx, [&] { return limits.connections.remaining(); });
  keep_true(stats.remaining_cx_pools, [&] { return limits.pools.remaining(); });
  keep_true(stats.remaining_pending, [&] { return limits.pending.remaining(); });
  keep_true(stats.remaining_rq, [&] { return limits.requests.remaining(); });
  // With a budget the limit is another one with each request: as in Envoy, the gauge says 0.
  bool budget = config_->circuit_breakers[high_priority ? 1 : 0].retry_budget.has_value();
  keep_true(stats.remaining_retries, [&] { return budget ? 0u : limits.retries.remaining(); });
}

void WorkerCluster::note_drop() {
  stats_.upstream_rq_drop_overload.inc();
  config_->circuit_breakers[0].usage->dropped.fetch_add(1, std::memory_order_relaxed);
}

Host* WorkerCluster::find_by_address(std::string_view address) {
  if (hosts_by_address_ == nullptr) {
    hosts_by_address_ = std::make_unique<absl::flat_hash_map<std::string, Host*>>();
    for (const HostRef& host : hosts_)
      hosts_by_address_->emplace(host->endpoint->address.text(), host.get());
  }
  auto found = hosts_by_address_->find(absl::string_view(address.data(), address.size()));
  return found == hosts_by_address_->end() ? nullptr : found->second;
}

Host* WorkerCluster::find_override(std::string_view address) {
  Host* host = find_by_address(address);
  if (host == nullptr) return nullptr;
  const config::BalancerOptions* options = config_->balancer_options.get();
  bool usable = options == nullptr || !options->override_health
                    ? host->health != config::Endpoint::Health::unhealthy
                    : (*options->override_health >> status_of(*host) & 1) != 0;
  return usable ? host : nullptr;
}

// Of the hosts that the request names and the cluster has, healthy or not, the first is for the
// first attempt, the next for the next. nullptr: no further one.
Host* WorkerCluster::find_named(const LbContext& context) {
  uint32_t before = context.attempt;
  for (const config::OverrideHostSource& source : *config_->balancer_options->override_sources) {
    std::string_view names = named_hosts(source, context);
    while (!names.empty()) {
      Host* host = find_by_address(trimmed(names.substr(0, names.find(','))));
      if (host != nullptr && before-- == 0) return host;
      names.remove_prefix(std::min(names.size(), names.find(',')));
      if (!names.empty()) names.remove_prefix(1);
    }
  }
  return nullptr;
}

void WorkerCluster::join(ClusterTable& table, uint64_t number) {
  constexpr unsigned kUpdates = 40;  // bits for the number of updates of one cluster
  generation_ += number << kUpdates;
  if (config_->discovery == config::Cluster::Discovery::aggregate)
    aggregate_ = std::make_unique<AggregateHosts>(*config_, table);
}

size_t WorkerCluster::host_count() const {
  if (dynamic_ != nullptr) return dynamic_->size();
  return aggregate_ == nullptr ? balancer_.host_count() : aggregate_->host_count();
}

bool WorkerCluster::wants_hash() const {
  return aggregate_ == nullptr ? config_->hashes() : aggregate_->hashes();
}

std::vector<uint32_t> WorkerCluster::loads_without(const std::vector<uint32_t>& priorities) const {
  return aggregate_ == nullptr ? balancer_.loads_without(priorities)
                               : aggregate_->loads_without(priorities);
}

uint32_t WorkerCluster::priority_of(const Host& host) const {
  return aggregate_ == nullptr ? host.priority : aggregate_->priority_of(host);
}

Host* WorkerCluster::pick_host(const LbContext& context) {
  if (aggregate_ != nullptr) return aggregate_->pick(context);
  if (original_ != nullptr) return original_->pick(context);
  if (dynamic_ != nullptr) return dynamic_->pick(context);
  if (!context.override_host.empty()) {
    if (Host* host = find_override(context.override_host)) return host;
    if (context.override_host_strict) return nullptr;
  }
  if (config_->balancer_options != nullptr && config_->balancer_options->override_sources) {
    if (Host* host = find_named(context)) return host;
  }
  bool panic = false;
  Draw draw(context.random);
  if (config_->hashes()) draw = Draw(context.hash.value_or(context.random), context.repeated);
  draw.degraded = context.degraded;
  draw.avoid = context.avoid;
  Host* host =
      subsets_ == nullptr
          ? balancer_.pick(draw, panic, context.priority_loads)
          : subsets_->pick({balancer_, context.criteria, draw, context.priority_loads}, panic);
  if (panic) stats_.lb_healthy_panic.inc();
  return host;
}

PoolKind WorkerCluster::pool_kind(http::Protocol downstream_protocol) const {
  using Version = config::UpstreamHttp::Version;
  switch (config_->http->version) {
    case Version::http1:
      break;
    case Version::http2:
      return PoolKind::http2;
    case Version::downstream:
      return downstream_protocol == http::Protocol::http2 ? PoolKind::http2 : PoolKind::http1;
    case Version::alpn:
      return PoolKind::alpn;
  }
  return PoolKind::http1;
}

ConnPool& WorkerCluster::pool(Host& host, bool high_priority, http::Protocol downstream_protocol,
                              const ConnectionNeeds& needs) {
  // What is spoken is the matter of the cluster that the host is from.
  return pool(host, high_priority, host.owner->pool_kind(downstream_protocol), needs);
}

ConnPool& WorkerCluster::pool(Host& host, bool high_priority, PoolKind kind,
                              const ConnectionNeeds& needs) {
  if (host.owner != this) return host.owner->pool(host, high_priority, kind, needs);
  std::string identity = needs.identity();
  if (host.pools == nullptr) host.pools = std::make_unique<Host::Pools>();
  std::unique_ptr<ConnPool>* pool =
      identity.empty()
          ? &host.pools->plain[high_priority ? 1 : 0][static_cast<size_t>(kind)]
          : &host.pools->special[ConnPool::key_of(high_priority, kind, std::move(identity))];
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
  if (dynamic_ != nullptr) dynamic_->append_to(hosts);
  std::vector<ConnPool*> pools;  // some go when they are idle
  for (const HostRef& host : hosts) {
    if (host->owner != this) continue;
    std::vector<ConnPool*> own = host->all_pools();
    pools.insert(pools.end(), own.begin(), own.end());
  }
  for (ConnPool* pool : pools) pool->close_all();
}

}  // namespace outrigger::upstream
