// HeaderId: the headers that the proxy itself reads or writes, found at parse time so that later
// look-ups are an index.
#pragma once

#include <cstdint>
#include <string_view>

namespace outrigger::http {

#define OUTRIGGER_HEADER_NAMES(X)                                                         \
  X(method, ":method")                                                                    \
  X(scheme, ":scheme")                                                                    \
  X(authority, ":authority")                                                              \
  X(path, ":path")                                                                        \
  X(protocol, ":protocol")                                                                \
  X(status, ":status")                                                                    \
  X(host, "host")                                                                         \
  X(connection, "connection")                                                             \
  X(keep_alive, "keep-alive")                                                             \
  X(proxy_connection, "proxy-connection")                                                 \
  X(te, "te")                                                                             \
  X(trailer, "trailer")                                                                   \
  X(transfer_encoding, "transfer-encoding")                                               \
  X(upgrade, "upgrade")                                                                   \
  X(content_length, "content-length")                                                     \
  X(content_type, "content-type")                                                         \
  X(content_encoding, "content-encoding")                                                 \
  X(expect, "expect")                                                                     \
  X(date, "date")                                                                         \
  X(server, "server")                                                                     \
  X(via, "via")                                                                           \
  X(location, "location")                                                                 \
  X(user_agent, "user-agent")                                                             \
  X(accept, "accept")                                                                     \
  X(accept_encoding, "accept-encoding")                                                   \
  X(authorization, "authorization")                                                       \
  X(cookie, "cookie")                                                                     \
  X(set_cookie, "set-cookie")                                                             \
  X(origin, "origin")                                                                     \
  X(referer, "referer")                                                                   \
  X(etag, "etag")                                                                         \
  X(cache_control, "cache-control")                                                       \
  X(vary, "vary")                                                                         \
  X(retry_after, "retry-after")                                                           \
  X(http2_settings, "http2-settings")                                                     \
  X(x_forwarded_for, "x-forwarded-for")                                                   \
  X(x_forwarded_proto, "x-forwarded-proto")                                               \
  X(x_forwarded_host, "x-forwarded-host")                                                 \
  X(x_forwarded_port, "x-forwarded-port")                                                 \
  X(x_forwarded_client_cert, "x-forwarded-client-cert")                                   \
  X(x_request_id, "x-request-id")                                                         \
  X(x_client_trace_id, "x-client-trace-id")                                               \
  X(x_envoy_internal, "x-envoy-internal")                                                 \
  X(x_envoy_external_address, "x-envoy-external-address")                                 \
  X(x_envoy_original_path, "x-envoy-original-path")                                       \
  X(x_envoy_original_host, "x-envoy-original-host")                                       \
  X(x_envoy_expected_rq_timeout_ms, "x-envoy-expected-rq-timeout-ms")                     \
  X(x_envoy_upstream_rq_timeout_ms, "x-envoy-upstream-rq-timeout-ms")                     \
  X(x_envoy_upstream_rq_per_try_timeout_ms, "x-envoy-upstream-rq-per-try-timeout-ms")     \
  X(x_envoy_upstream_service_time, "x-envoy-upstream-service-time")                       \
  X(x_envoy_upstream_alt_stat_name, "x-envoy-upstream-alt-stat-name")                     \
  X(x_envoy_upstream_canary, "x-envoy-upstream-canary")                                   \
  X(x_envoy_upstream_rq_timeout_alt_response, "x-envoy-upstream-rq-timeout-alt-response") \
  X(x_envoy_upstream_stream_duration_ms, "x-envoy-upstream-stream-duration-ms")           \
  X(x_envoy_attempt_count, "x-envoy-attempt-count")                                       \
  X(x_envoy_retry_on, "x-envoy-retry-on")                                                 \
  X(x_envoy_retry_grpc_on, "x-envoy-retry-grpc-on")                                       \
  X(x_envoy_max_retries, "x-envoy-max-retries")                                           \
  X(x_envoy_retriable_status_codes, "x-envoy-retriable-status-codes")                     \
  X(x_envoy_retriable_header_names, "x-envoy-retriable-header-names")                     \
  X(x_envoy_hedge_on_per_try_timeout, "x-envoy-hedge-on-per-try-timeout")                 \
  X(x_envoy_overloaded, "x-envoy-overloaded")                                             \
  X(x_envoy_immediate_health_check_fail, "x-envoy-immediate-health-check-fail")           \
  X(x_envoy_degraded, "x-envoy-degraded")                                                 \
  X(x_envoy_decorator_operation, "x-envoy-decorator-operation")                           \
  X(x_envoy_downstream_service_cluster, "x-envoy-downstream-service-cluster")             \
  X(x_envoy_downstream_service_node, "x-envoy-downstream-service-node")                   \
  X(x_envoy_ip_tags, "x-envoy-ip-tags")                                                   \
  X(grpc_status, "grpc-status")                                                           \
  X(grpc_message, "grpc-message")                                                         \
  X(grpc_timeout, "grpc-timeout")

enum class HeaderId : uint8_t {
  other = 0,
#define X(id, name) id,
  OUTRIGGER_HEADER_NAMES(X)
#undef X
  count
};

constexpr unsigned kHeaderIdCount = static_cast<unsigned>(HeaderId::count);

// `name` in lower case. HeaderId::other for every name that is not in the list.
HeaderId header_id(std::string_view name);
// Empty for HeaderId::other.
std::string_view header_name(HeaderId id);

}  // namespace outrigger::http
