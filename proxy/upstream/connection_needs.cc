#include "proxy/upstream/connection_needs.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "proxy/upstream/host.h"
#include "proxy/upstream/proxy_header.h"

namespace outrigger::upstream {
namespace {

constexpr std::string_view kServerName = "envoy.network.upstream_server_name";
constexpr std::string_view kSubjectAltNames = "envoy.network.upstream_subject_alt_names";
constexpr std::string_view kApplicationProtocols = "envoy.network.application_protocols";

void append(std::string& out, std::string_view part) {
  out += fmt::format("{}:", part.size());
  out += part;
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    std::string_view part = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), part.size() + 1));
    if (!part.empty()) parts.emplace_back(part);
  }
  return parts;
}

const std::string* find_state(const NeedsSource& source, std::string_view name) {
  const std::string* found =
      source.stream == nullptr ? nullptr : source.stream->filter_state.find(name);
  if (found == nullptr && source.connection != nullptr)
    found = source.connection->find_filter_state(name);
  return found;
}

// Without port and brackets; empty for an IP address: SNI has names only.
struct HostPart {
  std::string_view name;
  bool is_ip = false;
};
HostPart host_part(std::string_view authority) {
  if (authority.starts_with('[')) {
    return {authority.substr(1, authority.find(']') == std::string_view::npos
                                    ? std::string_view::npos
                                    : authority.find(']') - 1),
            true};
  }
  std::string_view name = authority.substr(0, authority.find(':'));
  return {name, net::Address::from_ip(name, 0).has_value()};
}

// auto_sni and auto_san_validation: what filter state says goes before them.
void add_names_of_request(const config::UpstreamHttp& http, const http::HeaderMap& headers,
                          ConnectionNeeds& needs) {
  std::string_view authority = headers.get(http::HeaderId::authority);
  if (!http.override_auto_sni_header.empty()) {
    std::string_view value = headers.get(http.override_auto_sni_header);
    if (!value.empty()) authority = value;
  }
  HostPart host = host_part(authority);
  if (host.name.empty()) return;
  if (http.auto_sni && needs.sni.empty() && !host.is_ip) needs.sni = host.name;
  if (http.auto_san_validation && needs.verify_names.empty())
    needs.verify_names.emplace_back(host.name);
}

void add_tls_needs(const config::Cluster& cluster, const NeedsSource& source,
                   ConnectionNeeds& needs) {
  if (const std::string* sni = find_state(source, kServerName)) needs.sni = *sni;
  if (const std::string* names = find_state(source, kSubjectAltNames))
    needs.verify_names = split(*names);
  if (const std::string* protocols = find_state(source, kApplicationProtocols))
    needs.alpn = split(*protocols);
  if (source.headers != nullptr && (cluster.http->auto_sni || cluster.http->auto_san_validation))
    add_names_of_request(*cluster.http, *source.headers, needs);
}

}  // namespace

std::string ConnectionNeeds::identity() const {
  if (sni.empty() && alpn.empty() && verify_names.empty() && !source.valid() && mark == 0 &&
      proxy_header.empty() && downstream_connection == 0 && shared_state.empty())
    return {};
  std::string out;
  append(out, sni);
  for (const auto* list : {&alpn, &verify_names}) {
    out += fmt::format("{};", list->size());
    for (const std::string& entry : *list) append(out, entry);
  }
  append(out, source.valid() ? source.text() : "");
  append(out, proxy_header);
  append(out, shared_state);
  out += fmt::format("{};{}", mark, downstream_connection);
  return out;
}

ConnectionNeeds find_needs(const config::Cluster& cluster, const Host& host,
                           const NeedsSource& source) {
  ConnectionNeeds needs;
  const config::TransportSocket* socket = host.transport_socket.get();
  const DownstreamConnectionInfo* connection = source.connection;
  if (socket != nullptr && socket->tls != nullptr) add_tls_needs(cluster, source, needs);
  if (socket != nullptr && socket->proxy_protocol != config::ProxyProtocolVersion::none)
    needs.proxy_header = make_proxy_header(*socket, connection);
  if (source.stream != nullptr) needs.shared_state = source.stream->filter_state.shared_identity();
  if (connection == nullptr) return needs;
  if (connection->extras != nullptr && connection->extras->upstream_source) {
    needs.source = connection->extras->upstream_source->address;
    needs.mark = connection->extras->upstream_source->mark;
  }
  if (cluster.connection_pool_per_downstream_connection)
    needs.downstream_connection = connection->id;
  return needs;
}

}  // namespace outrigger::upstream
