// StreamInfo: the facts of one HTTP stream (or, later, TCP connection) that logs, headers and
// filters may ask for. Thread: the stream's worker. Lifetime: the stream's; text is static,
// configuration's, or the stream's arena's.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "api/http/codec.h"
#include "api/net/address.h"
#include "api/outcome.h"

namespace outrigger {

using MonotonicTime = std::chrono::steady_clock::time_point;
using SystemTime = std::chrono::system_clock::time_point;

namespace config {
struct Route;
struct Cluster;
struct VirtualHost;
}  // namespace config

// What is known of a downstream connection; shared by its streams, outlives them.
struct DownstreamConnectionInfo {
  uint64_t id = 0;
  net::Address direct_remote;  // the socket's peer
  net::Address remote;         // after PROXY protocol (streams refine it by x-forwarded-for)
  net::Address local;
  std::string_view listener_name;
  std::string_view requested_server_name;
  bool tls = false;
};

struct StreamInfo {
  const DownstreamConnectionInfo* connection = nullptr;
  std::optional<http::Protocol> protocol;

  SystemTime start_time;
  MonotonicTime start;
  // Offsets from `start`; absent: did not happen.
  std::optional<MonotonicTime> request_end;          // last octet from downstream
  std::optional<MonotonicTime> upstream_first_sent;  // first octet to upstream
  std::optional<MonotonicTime> upstream_last_sent;
  std::optional<MonotonicTime> upstream_first_received;
  std::optional<MonotonicTime> upstream_last_received;
  std::optional<MonotonicTime> response_first_sent;  // to downstream
  std::optional<MonotonicTime> response_last_sent;
  std::optional<MonotonicTime> end;

  uint64_t request_body_bytes = 0;   // %BYTES_RECEIVED%
  uint64_t response_body_bytes = 0;  // %BYTES_SENT%
  uint64_t request_header_bytes = 0;
  uint64_t response_header_bytes = 0;
  uint64_t upstream_request_header_bytes = 0;
  uint64_t upstream_response_header_bytes = 0;
  uint64_t upstream_request_body_bytes = 0;
  uint64_t upstream_response_body_bytes = 0;

  net::Address downstream_remote;  // the trusted client address
  std::optional<int> response_code;
  ResponseFlags flags;
  std::string_view details;
  std::string_view cause;
  std::string_view upstream_transport_failure_reason;
  std::string_view connection_termination_details;
  std::string_view request_id;

  const config::VirtualHost* virtual_host = nullptr;
  const config::Route* route = nullptr;
  const config::Cluster* upstream_cluster = nullptr;
  net::Address upstream_remote;
  net::Address upstream_local;
  std::string_view upstream_hostname;
  std::optional<http::Protocol> upstream_protocol;
  uint64_t upstream_connection_id = 0;
  uint32_t attempt_count = 0;
  bool health_check = false;

  void set_outcome(const Outcome& outcome) {
    flags.merge(outcome.flags);
    if (!outcome.details.empty()) details = outcome.details;
    if (!outcome.cause.empty()) cause = outcome.cause;
  }
};

}  // namespace outrigger
