#include "proxy/upstream/host.h"

#include <algorithm>

#include "proxy/upstream/conn_pool.h"

namespace outrigger::upstream {
namespace {

constexpr std::string_view kMatchMetadata = "envoy.transport_socket_match";

bool has_all(const MetadataStruct& have, const MetadataStruct& wanted) {
  return std::all_of(wanted.members().begin(), wanted.members().end(),
                     [&](const MetadataStruct::Member& member) {
                       const MetadataValue* value = have.find(member.first);
                       return value != nullptr && *value == member.second;
                     });
}

}  // namespace

Host::Host(config::EndpointPtr endpoint_in, unsigned worker, config::TransportSocketPtr socket)
    : endpoint(std::move(endpoint_in)),
      transport_socket(std::move(socket)),
      stats_scope(endpoint->stats),
      health(endpoint->health),
      worker_(worker) {}
Host::~Host() = default;

std::vector<ConnPool*> Host::all_pools() const {
  std::vector<ConnPool*> out;
  if (pools == nullptr) return out;
  for (const auto& of_priority : pools->plain) {
    for (const auto& pool : of_priority) {
      if (pool != nullptr) out.push_back(pool.get());
    }
  }
  for (const auto& [key, pool] : pools->special) out.push_back(pool.get());
  return out;
}

bool Host::busy() const {
  std::vector<ConnPool*> all = all_pools();
  return std::any_of(all.begin(), all.end(), [](const ConnPool* pool) { return !pool->idle(); });
}

bool Host::set_state(const HostStatePtr& next) {
  if (state != next) {
    state = next;
    bool watched = state != nullptr && state->watch->watches;
    results = watched ? &state->results.local<OutlierResults>(worker_) : nullptr;
  }
  health = effective_health(*endpoint, state.get());
  excluded = state != nullptr && state->has(HealthFlag::kExcluded);
  bool was_bad = found_bad;
  found_bad = state != nullptr && state->has(HealthFlag::kUnhealthy);
  return found_bad && !was_bad;
}

void Host::note_service(MonotonicTime now) {
  bool failed = state != nullptr && state->has(HealthFlag::kFailedActiveCheck);
  bool can = endpoint->health == config::Endpoint::Health::healthy && !failed;
  if (can && !serves) serves_since = now;
  serves = can;
}

void Host::set_endpoint(const config::EndpointPtr& next) {
  // The cluster holds it; another holder is a stream, or the version of the cluster before.
  constexpr uint32_t kOfTheCluster = 1;
  if (endpoint == next) return;
  if (references <= kOfTheCluster) former.clear();
  former.push_back(std::exchange(endpoint, next));
}

TransportSocketChoice choose_transport_socket(const config::Cluster& cluster,
                                              const config::Endpoint& endpoint) {
  if (!cluster.transport_socket_matches.empty()) {
    static const MetadataStruct kNone;
    const MetadataValue* value = endpoint.metadata.filters.find(kMatchMetadata);
    const MetadataStruct* have = value == nullptr ? nullptr : value->object();
    for (const config::TransportSocketMatch& match : cluster.transport_socket_matches) {
      if (has_all(have == nullptr ? kNone : *have, match.criteria)) return {&match.socket, &match};
    }
  }
  return {&cluster.transport_socket, nullptr};
}

}  // namespace outrigger::upstream
