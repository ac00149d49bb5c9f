// StreamInfo: the facts of one HTTP stream (or, later, TCP connection) that logs, headers and
// filters may ask for. Thread: the stream's worker. Lifetime: the stream's; text is static,
// configuration's, or the stream's arena's.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/arena.h"
#include "api/http/codec.h"
#include "api/metadata.h"
#include "api/net/address.h"
#include "api/net/connection_count.h"
#include "api/outcome.h"
#include "api/tls_connection.h"

namespace outrigger {

using MonotonicTime = std::chrono::steady_clock::time_point;
using SystemTime = std::chrono::system_clock::time_point;

namespace config {
struct Cluster;
struct Endpoint;
struct FilterChain;
struct Listener;
struct Route;
struct VirtualHost;
}  // namespace config

// What a PROXY protocol header said.
struct ProxyProtocolInfo {
  net::Address source, destination;
  uint8_t version = 1;
  std::vector<std::pair<uint8_t, std::string>> tlvs;
};

// Where connections to the upstream are to come from (original_src).
struct SourceAddress {
  net::Address address;
  uint32_t mark = 0;  // SO_MARK; 0: none
};

// What only few connections have.
struct ConnectionExtras {
  Metadata metadata;  // dynamic metadata of listener and network filters
  FilterState filter_state;
  std::optional<ProxyProtocolInfo> proxy_protocol;
  std::optional<SourceAddress> upstream_source;
  std::string ja3, ja4;                            // fingerprints of the ClientHello
  std::vector<std::string> application_protocols;  // what the ClientHello or the sniffed head asked
  std::string connection_termination_details;
  ResponseFlags flags;  // of a connection that a network filter ended
  // What HTTP filters keep for all streams of the connection, by what owns it there.
  std::vector<std::pair<std::shared_ptr<const void>, std::shared_ptr<void>>> filter_data;
};

// How a connection came to its end: by FIN, or by RST of one of the sides.
enum class CloseType : uint8_t {
  normal,
  local_reset,
  remote_reset
};

// What is known of a downstream connection; shared by its streams, outlives them.
struct DownstreamConnectionInfo {
  uint64_t id = 0;
  SystemTime start_time;
  MonotonicTime start;
  net::Address direct_remote;   // the socket's peer
  net::Address remote;          // after PROXY protocol (streams refine it by x-forwarded-for)
  net::Address local;           // after original destination and PROXY protocol
  net::Address direct_local;    // the socket's own address
  bool local_restored = false;  // `local` is not the socket's address
  std::string_view listener_name;
  std::string requested_server_name;    // SNI
  std::string_view detected_transport;  // "tls" or "raw_buffer"
  const TlsConnection* tls = nullptr;   // nullptr: plain, or the handshake is not over
  std::string_view transport_failure;   // why the transport failed; lives with the connection
  std::optional<MonotonicTime> handshake_end;  // TLS
  std::optional<MonotonicTime> end;
  CloseType close_type = CloseType::normal;
  std::string_view local_close_reason;  // why this side closed it; static text
  const config::Listener* listener = nullptr;
  const config::FilterChain* filter_chain = nullptr;
  std::unique_ptr<ConnectionExtras> extras;  // nullptr: none
  net::CountedConnection counted;            // towards the listener's and the process's limits

  ConnectionExtras& make_extras() {
    if (extras == nullptr) extras = std::make_unique<ConnectionExtras>();
    return *extras;
  }
  const std::string* find_filter_state(std::string_view name) const {
    return extras == nullptr ? nullptr : extras->filter_state.find(name);
  }
};

// What only few streams have.
struct StreamExtras {
  Metadata metadata;  // dynamic metadata
  FilterState filter_state;
  std::string custom_flags;  // what filters have to say about it, joined by ","
  // The host that this client's session is with, "10.0.0.1:80", for the first attempt; empty: any.
  std::string_view override_host;
  bool override_host_strict = false;  // no other host takes its place
};

// One try on one host; a chain in the stream's arena.
struct UpstreamAttempt {
  UpstreamAttempt* next = nullptr;
  net::Address address;
  std::string_view hostname;
  uint64_t connection_id = 0;  // 0: it got no connection
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
  std::optional<MonotonicTime> upstream_first_body;
  std::optional<MonotonicTime> upstream_last_received;
  std::optional<MonotonicTime> response_first_sent;  // to downstream
  std::optional<MonotonicTime> response_last_sent;
  std::optional<MonotonicTime> end;
  // Of the upstream connection, which may be older than the stream; the handshake's: only with TLS.
  std::optional<MonotonicTime> upstream_connect_start, upstream_connect_end;
  std::optional<MonotonicTime> upstream_handshake_end;
  // From the attempt's beginning to the pool's answer.
  std::optional<std::chrono::nanoseconds> upstream_pool_ready;

  http::WireBytes downstream_wire, upstream_wire;
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
  const config::Endpoint* upstream_endpoint = nullptr;
  // Of the upstream connection; it may be gone before the stream's log is written, so it is shared.
  std::shared_ptr<const TlsConnection> upstream_tls;
  uint32_t attempt_count = 0;
  UpstreamAttempt* first_attempt = nullptr;
  UpstreamAttempt* last_attempt = nullptr;
  CloseType upstream_close_type = CloseType::normal;
  std::string_view upstream_local_close_reason;  // static text
  bool health_check = false;
  ArenaPtr<StreamExtras> extras;  // nullptr: none

  StreamExtras& make_extras(Arena& arena) {
    if (extras == nullptr) extras = make_in_arena<StreamExtras>(arena);
    return *extras;
  }
  void set_outcome(const Outcome& outcome) {
    flags.merge(outcome.flags);
    if (!outcome.details.empty()) details = outcome.details;
    if (!outcome.cause.empty()) cause = outcome.cause;
  }
};

}  // namespace outrigger
