#include "proxy/stream/forwarding_headers.h"

#include <ifaddrs.h>
#include <netinet/in.h>

#include <optional>

#include "proxy/stream/client_certificate_header.h"
#include "proxy/stream/client_detection.h"

namespace outrigger::stream {

using http::HeaderId;

namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// What only a trusted client may say: taken off every other request.
constexpr HeaderId kInternalHeaders[] = {
    HeaderId::x_envoy_retry_on,
    HeaderId::x_envoy_retry_grpc_on,
    HeaderId::x_envoy_max_retries,
    HeaderId::x_envoy_retriable_status_codes,
    HeaderId::x_envoy_retriable_header_names,
    HeaderId::x_envoy_hedge_on_per_try_timeout,
    HeaderId::x_envoy_upstream_alt_stat_name,
    HeaderId::x_envoy_upstream_rq_timeout_ms,
    HeaderId::x_envoy_upstream_rq_per_try_timeout_ms,
    HeaderId::x_envoy_upstream_rq_timeout_alt_response,
    HeaderId::x_envoy_upstream_stream_duration_ms,
    HeaderId::x_envoy_expected_rq_timeout_ms,
    HeaderId::x_envoy_ip_tags,
};

// What a proxy behind the edge may have added: taken off at the edge only.
constexpr HeaderId kBehindEdgeHeaders[] = {
    HeaderId::x_envoy_decorator_operation,     HeaderId::x_envoy_downstream_service_cluster,
    HeaderId::x_envoy_downstream_service_node, HeaderId::x_envoy_original_path,
    HeaderId::x_envoy_original_host,
};

void append_forwarded_for(http::HeaderMap& headers, std::string_view ip) {
  const http::HeaderField* field = headers.find(HeaderId::x_forwarded_for);
  if (field == nullptr) {
    headers.add(HeaderId::x_forwarded_for, ip);
  } else {
    headers.set(HeaderId::x_forwarded_for, headers.arena().concat(field->value, ",", ip));
  }
}

void append_peer(const DownstreamConnectionInfo& connection, std::string_view local_ip,
                 http::HeaderMap& headers) {
  if (!connection.remote.is_ip()) return;
  std::string peer = connection.remote.ip_text();
  // These two addresses only: the rest of 127.0.0.0/8 is said as it is.
  bool local = (peer == "127.0.0.1" || peer == "::1") && !local_ip.empty();
  append_forwarded_for(headers, local ? local_ip : headers.arena().copy(peer));
}

// Who the client is, and whether the configuration trusts that address. Trust needs that no other
// proxy spoke for it: an x-forwarded-for of one address, or none where this proxy writes it.
bool set_client(const config::HttpConnectionManager& config,
                const DownstreamConnectionInfo& connection, std::string_view local_ip,
                http::HeaderMap& headers, StreamInfo& info, std::optional<int>& rejection) {
  info.downstream_remote = connection.remote;
  std::string_view forwarded = headers.get(HeaderId::x_forwarded_for);
  if (!config.use_remote_address) {
    FoundClient found = config.client_detections.empty()
                            ? last_forwarded(forwarded, config.xff_num_trusted_hops)
                            : find_client(config.client_detections, connection.remote, headers);
    rejection = found.rejection;
    if (found.append_peer) append_peer(connection, local_ip, headers);
    if (!found.address) return false;
    info.downstream_remote = *found.address;
    return found.may_be_trusted && config.internal_addresses.contains(*found.address);
  }
  bool first_hop = !headers.has(HeaderId::x_forwarded_for);
  if (config.xff_num_trusted_hops > 0) {
    FoundClient found = last_forwarded(forwarded, config.xff_num_trusted_hops - 1);
    if (found.address) info.downstream_remote = *found.address;
  }
  if (!config.skip_xff_append) append_peer(connection, local_ip, headers);
  return first_hop && config.internal_addresses.contains(info.downstream_remote);
}

void mark_trust(const config::RouteTable& routes, bool internal, bool edge,
                http::HeaderMap& headers, const StreamInfo& info) {
  if (internal) {
    headers.set(HeaderId::x_envoy_internal, "true");
    return;
  }
  headers.remove(HeaderId::x_envoy_internal);
  for (HeaderId id : kInternalHeaders) headers.remove(id);
  for (const std::string& name : routes.internal_only_headers) headers.remove(name);
  if (!edge) return;
  for (HeaderId id : kBehindEdgeHeaders) headers.remove(id);
  if (info.downstream_remote.is_ip()) {
    headers.set(HeaderId::x_envoy_external_address,
                headers.arena().copy(info.downstream_remote.ip_text()));
  }
}

void set_request_id(const config::HttpConnectionManager& config, bool edge,
                    http::HeaderMap& headers, StreamInfo& info, Random& random) {
  if (config.generate_request_id) {
    bool keep =
        headers.has(HeaderId::x_request_id) && (!edge || config.preserve_external_request_id);
    if (!keep) headers.set(HeaderId::x_request_id, make_request_id(random, headers.arena()));
  }
  info.request_id = headers.get(HeaderId::x_request_id);
}

}  // namespace

std::optional<int> apply_forwarding_headers(const config::HttpConnectionManager& config,
                                            const config::RouteTable& routes,
                                            const DownstreamConnectionInfo& connection,
                                            http::HeaderMap& headers, StreamInfo& info,
                                            Random& random, std::string_view local_ip) {
  std::optional<int> rejection;
  bool internal = set_client(config, connection, local_ip, headers, info, rejection);
  if (rejection) return rejection;
  bool edge = config.use_remote_address && !internal;

  std::string_view scheme = connection.tls != nullptr ? "https" : "http";
  bool overwrite_proto = config.use_remote_address && config.xff_num_trusted_hops == 0;
  std::string_view forwarded_proto = headers.get(HeaderId::x_forwarded_proto);
  if (overwrite_proto || forwarded_proto.empty()) headers.set(HeaderId::x_forwarded_proto, scheme);
  if (config.append_x_forwarded_port && !headers.has(HeaderId::x_forwarded_port)) {
    headers.set(HeaderId::x_forwarded_port,
                headers.arena().copy(std::to_string(connection.local.port())));
  }
  if (config.scheme_override) {
    headers.set(HeaderId::scheme, *config.scheme_override);
  } else {
    std::string_view proto = headers.get(HeaderId::x_forwarded_proto);
    std::string_view present = headers.get(HeaderId::scheme);
    if (present != "http" && present != "https")
      headers.set(HeaderId::scheme, proto == "https" || proto == "http" ? proto : scheme);
  }

  mark_trust(routes, internal, edge, headers, info);
  apply_client_certificate_header(config, connection.tls, headers);
  set_request_id(config, edge, headers, info, random);
  append_via(headers, config.via);
  return std::nullopt;
}

void add_user_agent(const config::NodeIdentity& node, http::HeaderMap& headers) {
  headers.set(HeaderId::x_envoy_downstream_service_cluster, node.cluster);
  if (headers.get(HeaderId::user_agent).empty()) headers.set(HeaderId::user_agent, node.cluster);
  if (!node.id.empty()) headers.set(HeaderId::x_envoy_downstream_service_node, node.id);
}

std::string find_local_ip() {
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return "127.0.0.1";
  std::string found = "127.0.0.1";
  for (const ifaddrs* each = first; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr || each->ifa_addr->sa_family != AF_INET) continue;
    net::Address address = net::Address::from_sockaddr(each->ifa_addr, sizeof(sockaddr_in));
    if (address.is_loopback()) continue;
    found = address.ip_text();
    break;
  }
  freeifaddrs(first);
  return found;
}

void append_via(http::HeaderMap& headers, std::string_view via) {
  if (via.empty()) return;
  const http::HeaderField* field = headers.find(HeaderId::via);
  headers.set(HeaderId::via,
              field == nullptr ? via : headers.arena().concat(field->value, ", ", via));
}

void remove_hop_by_hop(http::HeaderMap& headers, bool upgrade) {
  // Names that Connection lists are the hop's too. It must not name what carries the message's
  // meaning.
  std::string_view named = headers.get(HeaderId::connection);
  while (!named.empty()) {
    size_t comma = named.find(',');
    std::string_view name = trim(named.substr(0, comma));
    named = comma == std::string_view::npos ? std::string_view() : named.substr(comma + 1);
    if (name.empty() || http::equals_ignore_case(name, "close") ||
        http::equals_ignore_case(name, "keep-alive") || http::equals_ignore_case(name, "upgrade") ||
        http::equals_ignore_case(name, "te") || name.front() == ':') {
      continue;
    }
    headers.remove_if([&](const http::HeaderField& field) {
      return field.name.size() == name.size() && http::equals_ignore_case(field.name, name);
    });
  }
  const http::HeaderField* te = headers.find(HeaderId::te);
  if (te != nullptr) {
    if (http::has_token(te->value, "trailers")) {
      headers.set(HeaderId::te, "trailers");
    } else {
      headers.remove(HeaderId::te);
    }
  }
  headers.remove(HeaderId::keep_alive);
  headers.remove(HeaderId::proxy_connection);
  headers.remove(HeaderId::transfer_encoding);
  headers.remove(HeaderId::http2_settings);
  if (upgrade) return;
  headers.remove(HeaderId::connection);
  headers.remove(HeaderId::upgrade);
}

std::string_view make_request_id(Random& random, Arena& arena) {
  constexpr char kHex[] = "0123456789abcdef";
  uint64_t high = (random.next() & 0xffffffffffff0fffULL) | 0x4000;
  uint64_t low = (random.next() & 0x3fffffffffffffffULL) | 0x8000000000000000ULL;
  char* text = arena.allocate_chars(36);
  char* at = text;
  for (int nibble = 0; nibble < 32; ++nibble) {
    if (nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20) *at++ = '-';
    uint64_t word = nibble < 16 ? high : low;
    *at++ = kHex[(word >> (60 - 4 * (nibble % 16))) & 15];
  }
  return {text, 36};
}

}  // namespace outrigger::stream
