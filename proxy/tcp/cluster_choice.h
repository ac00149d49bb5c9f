// Where a TCP connection goes: the cluster, and what the choice of its host depends on. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "api/config/tcp_proxy.h"
#include "api/stream_info.h"

namespace outrigger::tcp {

// Filter state that listener and network filters may leave for the TCP proxy.
constexpr std::string_view kClusterState = "envoy.tcp_proxy.cluster";
constexpr std::string_view kIdleTimeoutState = "envoy.tcp_proxy.per_connection_idle_timeout_ms";

// By weight. `random`: 64 bits.
const config::TcpProxy::WeightedCluster& weighted_cluster(const config::TcpProxy& config,
                                                          uint64_t random);

// nullopt: the policy does not apply to this connection.
std::optional<uint64_t> connection_hash(const config::TcpProxy& config,
                                        const DownstreamConnectionInfo& connection);

// The connection's own, from filter state, or the configured one; nullopt: none.
std::optional<std::chrono::milliseconds> idle_timeout(const config::TcpProxy& config,
                                                      const DownstreamConnectionInfo& connection);

}  // namespace outrigger::tcp
