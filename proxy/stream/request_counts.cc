#include "proxy/stream/request_counts.h"

#include "proxy/stream/response_codes.h"
#include "proxy/stream/worker_services.h"

namespace outrigger::stream {
namespace {

using http::HeaderId;

bool is_canary(const RequestCounts::Response& response) {
  if (response.host != nullptr && response.host->endpoint->canary) return true;
  return response.headers != nullptr &&
         response.headers->get(HeaderId::x_envoy_upstream_canary) == "true";
}

template <class Stats>
void count_in(Stats& stats, const RequestCounts::Response& response) {
  count_upstream_response(stats, response.code);
  if (response.took_ms) stats.upstream_rq_time.record(*response.took_ms);
}

}  // namespace

void RequestCounts::begin(const config::VirtualHost& host, const config::Route& route,
                          http::HeaderMap& headers, const WorkerServices& services, Arena& arena) {
  services_ = &services;
  arena_ = &arena;
  if (host.virtual_clusters != nullptr) {
    const auto* entry = host.virtual_clusters->find(headers);
    const StatsScopePtr& stats = entry == nullptr ? host.virtual_clusters->other : entry->stats;
    of_route_[0] = &stats->local<RouteStats>(services.worker);
  }
  if (route.stats != nullptr) of_route_[1] = &route.stats->local<RouteStats>(services.worker);
  const http::HeaderField* name = headers.find(HeaderId::x_envoy_upstream_alt_stat_name);
  if (name == nullptr) return;
  if (!name->value.empty()) alternative_ = arena.concat(name->value, ".");
  headers.remove(HeaderId::x_envoy_upstream_alt_stat_name);
}

void RequestCounts::count(const Response& response) const {
  for (RouteStats* stats : of_route_) {
    if (stats != nullptr) count_in(*stats, response);
  }
  if (services_ == nullptr || services_->stats == nullptr) return;
  bool canary = is_canary(response);
  if (canary) count_below("canary.", response);
  count_zone("", response);
  if (alternative_.empty()) return;
  count_below(alternative_, response);
  count_below(arena_->concat(alternative_, response.internal ? "internal." : "external."),
              response);
  if (canary) count_below(arena_->concat(alternative_, "canary."), response);
  count_zone(alternative_, response);
}

void RequestCounts::count_below(std::string_view below, const Response& response) const {
  StatsScopePtr scope = response.cluster.code_stats(below, *services_->stats);
  if (scope != nullptr) count_in(scope->local<ClusterCodeStats>(services_->worker), response);
}

// From this proxy's zone to the host's, where both are known. A zone keeps what it is counted in:
// where zones are known, that is done for every response.
void RequestCounts::count_zone(std::string_view below, const Response& response) const {
  const std::string& from = services_->node.zone;
  if (from.empty() || response.host == nullptr || response.host->zone == nullptr) return;
  upstream::HostZone& zone = *response.host->zone;
  if (!below.empty()) {
    count_below(arena_->concat(below, "zone.", from, ".", zone.name, "."), response);
    return;
  }
  if (zone.stats == nullptr) {
    zone.stats = response.cluster.code_stats(arena_->concat("zone.", from, ".", zone.name, "."),
                                             *services_->stats);
  }
  if (zone.stats != nullptr)
    count_in(zone.stats->local<ClusterCodeStats>(services_->worker), response);
}

}  // namespace outrigger::stream
