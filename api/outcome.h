// Outcome: how a stream ended, in Envoy's terms (response flags, response-code details) plus one
// sentence for people. Set exactly once per stream; access log, stats and traces read it. All text
// is static or lives in the stream's arena. Flags:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage
// (%RESPONSE_FLAGS%).
#pragma once

#include <cstdint>
#include <string_view>

namespace outrigger {

#define OUTRIGGER_RESPONSE_FLAGS(X)                                                    \
  X(failed_local_health_check, "LH", "FailedLocalHealthCheck")                         \
  X(no_healthy_upstream, "UH", "NoHealthyUpstream")                                    \
  X(upstream_request_timeout, "UT", "UpstreamRequestTimeout")                          \
  X(local_reset, "LR", "LocalReset")                                                   \
  X(upstream_remote_reset, "UR", "UpstreamRemoteReset")                                \
  X(upstream_connection_failure, "UF", "UpstreamConnectionFailure")                    \
  X(upstream_connection_termination, "UC", "UpstreamConnectionTermination")            \
  X(upstream_overflow, "UO", "UpstreamOverflow")                                       \
  X(no_route_found, "NR", "NoRouteFound")                                              \
  X(delay_injected, "DI", "DelayInjected")                                             \
  X(fault_injected, "FI", "FaultInjected")                                             \
  X(rate_limited, "RL", "RateLimited")                                                 \
  X(unauthorized_external_service, "UAEX", "UnauthorizedExternalService")              \
  X(rate_limit_service_error, "RLSE", "RateLimitServiceError")                         \
  X(downstream_connection_termination, "DC", "DownstreamConnectionTermination")        \
  X(upstream_retry_limit_exceeded, "URX", "UpstreamRetryLimitExceeded")                \
  X(stream_idle_timeout, "SI", "StreamIdleTimeout")                                    \
  X(invalid_envoy_request_headers, "IH", "InvalidEnvoyRequestHeaders")                 \
  X(downstream_protocol_error, "DPE", "DownstreamProtocolError")                       \
  X(upstream_max_stream_duration_reached, "UMSDR", "UpstreamMaxStreamDurationReached") \
  X(response_from_cache_filter, "RFCF", "ResponseFromCacheFilter")                     \
  X(no_filter_config_found, "NFCF", "NoFilterConfigFound")                             \
  X(duration_timeout, "DT", "DurationTimeout")                                         \
  X(upstream_protocol_error, "UPE", "UpstreamProtocolError")                           \
  X(no_cluster_found, "NC", "NoClusterFound")                                          \
  X(overload_manager, "OM", "OverloadManagerTerminated")                               \
  X(dns_resolution_failure, "DF", "DnsResolutionFailed")                               \
  X(drop_overload, "DO", "DropOverload")                                               \
  X(downstream_remote_reset, "DR", "DownstreamRemoteReset")                            \
  X(unconditional_drop_overload, "UDO", "UnconditionalDropOverload")

enum class ResponseFlag : uint8_t {
#define X(name, short_text, long_text) name,
  OUTRIGGER_RESPONSE_FLAGS(X)
#undef X
  count
};

std::string_view short_name(ResponseFlag flag);
std::string_view long_name(ResponseFlag flag);

class ResponseFlags {
 public:
  constexpr ResponseFlags() = default;
  constexpr ResponseFlags(ResponseFlag flag)
      : bits_(bit(flag)) {}  // NOLINT: one flag is a set of flags
  constexpr void set(ResponseFlag flag) { bits_ |= bit(flag); }
  constexpr void merge(ResponseFlags other) { bits_ |= other.bits_; }
  constexpr bool has(ResponseFlag flag) const { return (bits_ & bit(flag)) != 0; }
  constexpr bool none() const { return bits_ == 0; }
  constexpr uint64_t bits() const { return bits_; }

 private:
  static constexpr uint64_t bit(ResponseFlag flag) {
    return uint64_t{1} << static_cast<unsigned>(flag);
  }
  uint64_t bits_ = 0;
};

struct Outcome {
  ResponseFlags flags;
  std::string_view details;  // Envoy's %RESPONSE_CODE_DETAILS%: "via_upstream", "route_not_found"
  std::string_view cause;    // our sentence: "no endpoint of cluster backend is healthy (3 known)"
};

}  // namespace outrigger
