// HttpConnectionManager: one compiled HTTP filter of a filter chain. Thread: any; immutable.
// Semantics: envoy.extensions.filters.network.http_connection_manager.v3. Compiled by
// xds/compile_http_connection_manager.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "api/config/access_log.h"
#include "api/config/route.h"
#include "api/config/scoped_routes.h"
#include "api/config/slot.h"
#include "api/filter/http_filter.h"
#include "api/http/codec_options.h"
#include "api/net/cidr.h"
#include "api/stats.h"

namespace outrigger::config {

struct HttpFilterEntry {
  std::string name;
  std::shared_ptr<const HttpFilterFactory> factory;  // nullptr: it is discovered
  // config_discovery: the factory in force; streams that begin while it is empty get 500.
  std::shared_ptr<const Slot<HttpFilterFactory>> discovered;
  bool disabled = false;  // unless a route enables it
};

struct LocalReplyMapper {
  AccessLogFilter filter;
  std::optional<int> status_code;
  std::optional<std::string> body;
  std::optional<LogFormat> body_format;
  HeaderMutations headers;
};

struct LocalReplyConfig {
  std::vector<LocalReplyMapper> mappers;  // first match wins
  std::optional<LogFormat> body_format;
};

enum class CodecType : uint8_t {
  auto_,
  http1,
  http2
};
enum class ServerHeader : uint8_t {
  overwrite,
  append_if_absent,
  pass_through
};
enum class EscapedSlashes : uint8_t {
  keep,
  reject_request,
  unescape_and_redirect,
  unescape_and_forward
};

// What becomes of x-forwarded-client-cert.
enum class ForwardClientCert : uint8_t {
  sanitize,
  forward_only,    // over mTLS only
  append_forward,  // over mTLS only
  sanitize_set,    // over mTLS only
  always_forward_only
};
// What an element that this proxy writes tells beyond By and Hash.
struct ClientCertDetails {
  bool subject = false;
  bool cert = false;
  bool chain = false;
  bool dns = false;
  bool uri = false;
};

// Which clients are trusted by their address. Without configuration: none.
struct InternalAddresses {
  bool unix_sockets = false;
  std::vector<net::Cidr> ranges;

  bool contains(const net::Address& address) const {
    if (address.is_unix()) return unix_sockets;
    for (const net::Cidr& range : ranges) {
      if (range.contains(address)) return true;
    }
    return false;
  }
};

// Ways to learn who the client is (original_ip_detection_extensions). From x-forwarded-for:
struct ForwardedForDetection {
  uint32_t trusted_hops = 0;
  std::vector<net::Cidr> trusted;  // the peers that are believed; empty: all
  bool skip_append = true;         // of the peer's address
};
// From a field of its own:
struct HeaderDetection {
  std::string name;             // lower case
  bool may_be_trusted = false;  // the address may be an internal one
  // What a request without such an address gets; absent: it goes on.
  std::optional<int> rejection;
};
using ClientDetection = std::variant<ForwardedForDetection, HeaderDetection>;

struct HttpConnectionManager {
  std::string stat_prefix;
  CodecType codec_type = CodecType::auto_;
  std::shared_ptr<const Slot<RouteTable>> routes;  // filled once, or by route discovery
  std::shared_ptr<const ScopedRoutes> scopes;      // in the place of `routes`; nullptr: none
  std::vector<HttpFilterEntry> filters;            // the router is the last
  std::vector<AccessLog> access_logs;
  bool log_on_new_request = false;
  bool log_on_tunnel_established = false;
  std::chrono::milliseconds log_interval{0};  // a line each time this passed; 0: none
  http::Http1Options http1;
  http::Http2Options http2;
  std::shared_ptr<const LocalReplyConfig> local_reply;  // nullptr: none

  std::string server_name = "envoy";
  ServerHeader server_header = ServerHeader::overwrite;
  std::string via;
  std::optional<std::string> scheme_override;
  bool scheme_match_upstream = false;

  // 0: none.
  std::chrono::milliseconds idle_timeout{std::chrono::hours(1)};
  std::chrono::milliseconds stream_idle_timeout{std::chrono::minutes(5)};
  std::optional<std::chrono::milliseconds> stream_flush_timeout;  // absent: stream_idle_timeout
  std::chrono::milliseconds request_timeout{0};
  std::chrono::milliseconds request_headers_timeout{0};
  std::chrono::milliseconds max_stream_duration{0};
  std::chrono::milliseconds max_connection_duration{0};
  bool http1_safe_max_connection_duration = false;  // HTTP/1: only after one more response
  std::chrono::milliseconds drain_timeout{5000};
  std::chrono::milliseconds delayed_close_timeout{1000};
  uint32_t max_requests_per_connection = 0;

  std::vector<ClientDetection> client_detections;  // the first that finds an address counts
  std::vector<HeaderStep> early_headers;           // of requests, before their route is looked for
  InternalAddresses internal_addresses;
  bool use_remote_address = false;
  uint32_t xff_num_trusted_hops = 0;
  bool skip_xff_append = false;
  bool append_x_forwarded_port = false;
  bool represent_ipv4_remote_address_as_ipv4_mapped_ipv6 = false;
  bool add_user_agent = false;
  ForwardClientCert forward_client_cert = ForwardClientCert::sanitize;
  ClientCertDetails client_cert_details;
  bool generate_request_id = true;
  bool preserve_external_request_id = false;
  bool always_set_request_id_in_response = false;

  bool normalize_path = false;
  bool merge_slashes = false;
  EscapedSlashes escaped_slashes = EscapedSlashes::keep;
  bool strip_matching_host_port = false;
  bool strip_any_host_port = false;
  bool strip_trailing_host_dot = false;
  bool proxy_100_continue = false;
  bool stream_error_on_invalid_http_message = false;
  bool add_proxy_protocol_connection_state = true;
  std::vector<UpgradeConfig> upgrades;

  StatsScopePtr stats;        // HttpStats: http.<stat_prefix>.
  StatsScopePtr http1_stats;  // Http1Stats
  StatsScopePtr http2_stats;  // Http2Stats
};

}  // namespace outrigger::config
