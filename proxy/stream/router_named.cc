// The router's part for clusters whose hosts are those that requests name (dynamic_forward_proxy):
// a request whose host nobody has asked for yet waits here until its address is known. Where the
// filter dynamic_forward_proxy is in the chain, it has waited there already.
#include <string>
#include <utility>

#include "api/dns_cache.h"
#include "proxy/stream/http_service.h"
#include "proxy/stream/router.h"
#include "proxy/stream/worker_services.h"
#include "proxy/upstream/dynamic_hosts.h"

namespace outrigger::stream {

bool Router::names_host() const {
  return cluster_->config().discovery == config::Cluster::Discovery::dynamic_forward_proxy;
}

// False: nothing is to be waited for.
bool Router::wait_for_host() {
  const DnsCachePtr& cache = cluster_->config().dns_cache;
  auto key = upstream::named_host(cluster_->config(), lb_context(0));
  if (cache == nullptr || !key) return false;
  if (CachedHostPtr known = cache->find(cluster_->worker(), key->text())) {
    if (known->endpoint == nullptr) refuse_unresolved(*known);
    return known->endpoint == nullptr;
  }
  switch (cache->ask(cluster_->worker(), *key, *this)) {
    case DnsCache::Asked::no_room:
      refuse_without_room();
      return true;
    case DnsCache::Asked::too_many_pending:
      cluster_->stats().upstream_cx_none_healthy.inc();
      refuse_without_host(
          "as many requests as max_pending_requests allows wait for an answer of DNS",
          "dynamic_forward_proxy_pending_request_overflow");
      return true;
    case DnsCache::Asked::waiting:
      break;
  }
  state_ = State::naming;
  return true;
}

void Router::on_dns_host(const CachedHostPtr& host) {
  state_ = State::idle;
  bool paused = !kept_body_.empty();
  if (host == nullptr) {
    refuse_without_room();
  } else if (host->endpoint == nullptr) {
    refuse_unresolved(*host);
  } else {
    go_to(cluster_->pick_host(lb_context(owner_.stream_random())));
    attempt(false);
  }
  if (end_seen_ && state_ != State::done) start_global_timeout();
  if (paused) owner_.pause_request(false);
}

void Router::refuse_unresolved(const CachedHost& host) {
  Arena& arena = owner_.arena();
  cluster_->stats().upstream_cx_none_healthy.inc();
  refuse_without_host(arena.concat("DNS has no address of ", host.key, ": ", host.details),
                      arena.concat("dns_resolution_failure{", host.details, "}"));
}

void Router::refuse_without_room() {
  cluster_->stats().upstream_cx_none_healthy.inc();
  refuse_without_host("the DNS cache has as many hosts as max_hosts allows", "dns_cache_overflow");
}

void Router::stop_naming() {
  if (state_ == State::naming) cluster_->config().dns_cache->cancel(cluster_->worker(), *this);
}

}  // namespace outrigger::stream
