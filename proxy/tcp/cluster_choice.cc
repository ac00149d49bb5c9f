#include "proxy/tcp/cluster_choice.h"

#include <xxhash.h>

#include "api/http/header_map.h"

namespace outrigger::tcp {

const config::TcpProxy::WeightedCluster& weighted_cluster(const config::TcpProxy& config,
                                                          uint64_t random) {
  if (config.clusters.size() == 1 || config.total_weight == 0) return config.clusters.front();
  uint64_t left = random % config.total_weight;
  for (const config::TcpProxy::WeightedCluster& each : config.clusters) {
    if (left < each.weight) return each;
    left -= each.weight;
  }
  return config.clusters.back();
}

std::optional<uint64_t> connection_hash(const config::TcpProxy& config,
                                        const DownstreamConnectionInfo& connection) {
  using Policy = config::TcpProxy::HashPolicy;
  if (config.hash_policy == Policy::source_ip && connection.remote.is_ip()) {
    std::string ip = connection.remote.ip_text();
    return XXH64(ip.data(), ip.size(), 0);
  }
  if (config.hash_policy == Policy::filter_state) {
    const std::string* value = connection.find_filter_state(config.hash_filter_state_key);
    if (value != nullptr) return XXH64(value->data(), value->size(), 0);
  }
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> idle_timeout(const config::TcpProxy& config,
                                                      const DownstreamConnectionInfo& connection) {
  const std::string* own = connection.find_filter_state(kIdleTimeoutState);
  uint64_t ms = 0;
  if (own == nullptr || !http::parse_decimal(*own, ms)) return config.idle_timeout;
  if (ms == 0) return std::nullopt;
  return std::chrono::milliseconds(ms);
}

}  // namespace outrigger::tcp
