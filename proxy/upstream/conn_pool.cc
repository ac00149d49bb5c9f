#include "proxy/upstream/conn_pool.h"

#include <algorithm>
#include <utility>

#include "proxy/upstream/client_connection.h"
#include "proxy/upstream/cluster_table.h"

namespace outrigger::upstream {

void PoolWaiter::cancel_wait() {
  if (pool_ == nullptr) return;
  pool_->cluster().stats().upstream_rq_cancelled.inc();
  pool_->dequeue(*this);
}

ConnPool::ConnPool(Host& host, bool high_priority, PoolKind kind, const ConnectionNeeds& needs)
    : host_(host), high_priority_(high_priority), kind_(kind) {
  if (!needs.identity().empty()) needs_ = std::make_unique<ConnectionNeeds>(needs);
}

ConnPool::~ConnPool() {
  dying_ = true;
  while (first_waiter_ != nullptr) dequeue(*first_waiter_);
}

const ConnectionNeeds& ConnPool::no_needs() {
  static const ConnectionNeeds kNone;
  return kNone;
}

std::string ConnPool::key_of(bool high_priority, PoolKind kind, std::string identity) {
  identity.push_back(high_priority ? 'h' : 'd');
  identity.push_back(static_cast<char>('0' + static_cast<int>(kind)));
  return identity;
}

bool ConnPool::admit() {
  if (counted_) return true;
  counted_ = cluster().limits(high_priority_).pools.try_take();
  cluster().note_limits(high_priority_);
  if (counted_) return true;
  cluster().stats().upstream_cx_pool_overflow.inc();
  note_idle();  // one of special needs is not kept for nothing
  return false;
}

void ConnPool::request_stream(PoolWaiter& waiter, bool fresh) {
  if (!admit()) {
    waiter.on_pool_failure(PoolFailure::overflow, "too many connection pools");
    return;
  }
  drain_if_renewed();
  ClientConnection* connection = find_available(fresh);
  if (connection != nullptr) {
    bool preconnects = cluster().config().preconnect_ratio > 1;
    give(*connection, waiter);
    if (preconnects) open_connections();  // for the next one
    return;
  }
  ResourceLimit& pending = cluster().limits(high_priority_).pending;
  if (!pending.try_take()) {
    cluster().stats().upstream_rq_pending_overflow.inc();
    cluster().note_limits(high_priority_);
    cluster().note_overflow();
    note_idle();
    waiter.on_pool_failure(PoolFailure::overflow, "too many pending requests");
    return;
  }
  cluster().stats().upstream_rq_pending_total.inc();
  waiter.fresh_ = fresh;
  enqueue(waiter);
  open_connections();
  if (fresh) serve_waiters();  // at the limit of connections a used one must do
}

ClientConnection* ConnPool::find_available(bool fresh) {
  for (size_t i = available_.size(); i > 0; --i) {
    ClientConnection* connection = available_[i - 1];
    if (fresh && connection->streams_opened() > 0) continue;
    if (connection->can_open_stream()) return connection;
  }
  return nullptr;
}

void ConnPool::give(ClientConnection& connection, PoolWaiter& waiter) {
  ResourceLimit& requests = cluster().limits(high_priority_).requests;
  if (!requests.try_take()) {
    ClusterStats& stats = cluster().stats();
    (http2() ? stats.upstream_rq_active_overflow : stats.upstream_rq_pending_overflow).inc();
    cluster().note_limits(high_priority_);
    cluster().note_overflow();
    waiter.on_pool_failure(PoolFailure::overflow, "too many active requests");
    return;
  }
  cluster().note_limits(high_priority_);
  connection.note_stream();
  waiter.on_pool_ready(connection);
}

void ConnPool::enqueue(PoolWaiter& waiter) {
  if (host_.removed) cluster().on_pool_busy(host_);
  waiter.pool_ = this;
  waiter.prev_ = last_waiter_;
  waiter.next_ = nullptr;
  (last_waiter_ == nullptr ? first_waiter_ : last_waiter_->next_) = &waiter;
  last_waiter_ = &waiter;
  ++waiters_;
  cluster().stats().upstream_rq_pending_active.inc();
  cluster().note_limits(high_priority_);
}

void ConnPool::dequeue(PoolWaiter& waiter) {
  (waiter.prev_ == nullptr ? first_waiter_ : waiter.prev_->next_) = waiter.next_;
  (waiter.next_ == nullptr ? last_waiter_ : waiter.next_->prev_) = waiter.prev_;
  waiter.pool_ = nullptr;
  --waiters_;
  cluster().limits(high_priority_).pending.give();
  cluster().stats().upstream_rq_pending_active.dec();
  cluster().note_limits(high_priority_);
  note_idle();
}

// One connection for each waiter that the connecting ones will not serve; HTTP/2 connections are
// expected to serve many, but not more than they may carry. With preconnect_policy, room for a
// multiple of the streams that are wanted or open.
bool ConnPool::wants_connection() const {
  const config::Cluster& config = host_.owner->config();
  size_t per_connection = http2() ? config.http->http2.max_concurrent_streams : 1;
  if (uint32_t max = config.http->max_requests_per_connection; max != 0)
    per_connection = std::min<size_t>(per_connection, max);
  size_t room = connecting_ * per_connection;
  bool healthy = host_.health == config::Endpoint::Health::healthy;
  if (config.preconnect_ratio <= 1 || !healthy) return waiters_ > room;
  size_t active = 0;
  for (const auto& connection : connections_) active += connection->active_streams();
  for (const ClientConnection* connection : available_)
    room += per_connection - std::min<size_t>(per_connection, connection->active_streams());
  return static_cast<double>(waiters_ + active) * config.preconnect_ratio >
         static_cast<double>(room + active);
}

void ConnPool::open_connections() {
  // A flood of requests must not make as many connections at once as it could use.
  constexpr size_t kMaxPreconnects = 3;
  size_t opened = 0;
  while (wants_connection()) {
    if (waiters_ <= connecting_ && ++opened > kMaxPreconnects) return;
    ResourceLimit& limit = cluster().limits(high_priority_).connections;
    if (host_is_full() || !limit.try_take()) {
      cluster().stats().upstream_cx_overflow.inc();
      cluster().note_limits(high_priority_);
      if (!connections_.empty()) return;
      limit.take();  // a pool without any connection could never serve its waiters: one is always
                     // allowed, as in Envoy
    }
    cluster().note_limits(high_priority_);
    if (!open_connection()) return;
  }
}

// Connections of all workers count, also those of the other pools.
bool ConnPool::host_is_full() const {
  const WorkerCluster& of = *host_.owner;
  const auto& limit = of.config().circuit_breakers[high_priority_ ? 1 : 0].max_connections_per_host;
  if (!limit) return false;
  int64_t open = 0;
  host_.stats_scope->for_each_shard([&open](const void* stats) {
    open += static_cast<const HostStats*>(stats)->cx_active.value();
  });
  return open >= static_cast<int64_t>(*limit);
}

bool ConnPool::open_connection() {
  auto connection = std::make_unique<ClientConnection>(*this);
  ClientConnection& opened = *connection;
  connections_.push_back(std::move(connection));
  ++connecting_;
  return opened.connect();
}

void ConnPool::on_connected(ClientConnection& connection) {
  --connecting_;
  on_available(connection);
}

void ConnPool::on_connect_failed(ClientConnection& connection, PoolFailure failure,
                                 std::string_view detail) {
  --connecting_;
  remove(connection);
  fail_waiters(failure, detail);
}

void ConnPool::fail_waiters(PoolFailure failure, std::string_view detail) {
  // Those who wait now: a waiter that is called back may queue again, for the next attempt.
  for (size_t n = waiters_; n > 0 && first_waiter_ != nullptr; --n) {
    PoolWaiter& waiter = *first_waiter_;
    dequeue(waiter);
    cluster().stats().upstream_rq_pending_failure_eject.inc();
    waiter.on_pool_failure(failure, detail);
  }
}

void ConnPool::on_available(ClientConnection& connection) {
  if (std::find(available_.begin(), available_.end(), &connection) == available_.end())
    available_.push_back(&connection);
  serve_waiters();
}

void ConnPool::on_unavailable(ClientConnection& connection) {
  auto at = std::find(available_.rbegin(), available_.rend(), &connection);
  if (at != available_.rend()) available_.erase(std::next(at).base());
}

ClientConnection* ConnPool::find_for(const PoolWaiter& waiter) {
  return find_available(waiter.fresh_ && connecting_ > 0);
}

void ConnPool::serve_waiters() {
  PoolWaiter* waiter = first_waiter_;
  while (waiter != nullptr) {
    ClientConnection* connection = find_for(*waiter);
    if (connection == nullptr) {
      if (!waiter->fresh_) return;  // there is none for anybody
      waiter = waiter->next_;
      continue;
    }
    dequeue(*waiter);
    give(*connection, *waiter);
    waiter = first_waiter_;  // who was called back may have changed the queue
  }
}

void ConnPool::remove(ClientConnection& connection) {
  on_unavailable(connection);
  auto at = std::find_if(connections_.begin(), connections_.end(),
                         [&](const auto& owned) { return owned.get() == &connection; });
  if (at == connections_.end()) return;
  cluster().limits(high_priority_).connections.give();
  cluster().note_limits(high_priority_);
  std::unique_ptr<ClientConnection> dead = std::move(*at);
  *at = std::move(connections_.back());
  connections_.pop_back();
  cluster().loop().defer_delete(std::move(dead));
  note_idle();
}

void ConnPool::note_idle() {
  if (dying_ || !idle()) return;
  if (std::exchange(counted_, false)) {
    cluster().limits(high_priority_).pools.give();
    cluster().note_limits(high_priority_);
  }
  if (needs_ != nullptr || host_.removed) cluster().on_pool_idle(*this);
}

void ConnPool::drain() {
  std::vector<ClientConnection*> open;  // an idle one goes at once
  for (const auto& connection : connections_) open.push_back(connection.get());
  for (ClientConnection* connection : open) connection->drain();
}

// A new certificate or CA: what was made with the old one ends with the streams that it has.
void ConnPool::drain_if_renewed() {
  if (host_.transport_socket == nullptr || host_.transport_socket->tls == nullptr) return;
  uint64_t version = host_.transport_socket->tls->version();
  if (std::exchange(tls_version_, version) != version && !connections_.empty()) drain();
}

void ConnPool::on_closed(ClientConnection& connection) {
  remove(connection);
  if (first_waiter_ != nullptr) open_connections();
}

void ConnPool::close_all() {
  while (!connections_.empty()) connections_.back()->close_now();
}

}  // namespace outrigger::upstream
