#include "api/config/match_source.h"

#include <vector>

#include "api/net/same_host.h"

namespace outrigger::config {
namespace {

using Kind = MatchInput::Kind;
using Value = std::optional<std::string_view>;

Value text_or_none(std::string_view text) {
  return text.empty() ? Value() : Value(text);
}

Value kept(std::string text, std::string& scratch) {
  scratch = std::move(text);
  return scratch;
}

Value joined(const std::vector<std::string>& names, std::string& scratch) {
  if (names.empty()) return std::nullopt;
  if (names.size() == 1) return names.front();
  scratch.clear();
  for (const std::string& name : names) {
    if (!scratch.empty()) scratch += ',';
    scratch += name;
  }
  return scratch;
}

Value protocols(const DownstreamConnectionInfo& connection, std::string& scratch) {
  if (connection.extras == nullptr || connection.extras->application_protocols.empty())
    return std::nullopt;
  scratch.clear();
  for (const std::string& name : connection.extras->application_protocols) {
    if (!scratch.empty()) scratch += ',';
    scratch += '\'';
    scratch += name;
    scratch += '\'';
  }
  return scratch;
}

Value of_certificate(Kind kind, const DownstreamConnectionInfo& connection, std::string& scratch) {
  const CertificateInfo* peer = connection.tls == nullptr ? nullptr : connection.tls->peer();
  if (peer == nullptr) return std::nullopt;
  if (kind == Kind::uri_san) return joined(peer->uri_sans, scratch);
  if (kind == Kind::dns_san) return joined(peer->dns_sans, scratch);
  return text_or_none(peer->subject);
}

Value port_of(const net::Address& address, std::string& scratch) {
  if (!address.is_ip()) return std::nullopt;
  return kept(std::to_string(address.port()), scratch);
}

}  // namespace

const net::Address* connection_address(const MatchInput& input,
                                       const DownstreamConnectionInfo& connection,
                                       const net::Address& remote) {
  switch (input.kind) {
    case Kind::destination_ip:
      return &connection.local;
    case Kind::source_ip:
      return &remote;
    case Kind::direct_source_ip:
      return &connection.direct_remote;
    default:
      return nullptr;
  }
}

Value connection_value(const MatchInput& input, const DownstreamConnectionInfo& connection,
                       const net::Address& remote, std::string& scratch) {
  switch (input.kind) {
    case Kind::destination_ip:
    case Kind::source_ip:
    case Kind::direct_source_ip: {
      const net::Address& address = *connection_address(input, connection, remote);
      return address.is_ip() ? kept(std::string(address.ip_text()), scratch) : Value();
    }
    case Kind::destination_port:
      return port_of(connection.local, scratch);
    case Kind::source_port:
      return port_of(remote, scratch);
    case Kind::source_type:
      return net::is_same_ip_or_loopback(connection.remote, connection.local) ? Value("local")
                                                                              : std::nullopt;
    case Kind::server_name:
      return text_or_none(connection.requested_server_name);
    case Kind::transport_protocol:
      return text_or_none(connection.detected_transport);
    case Kind::application_protocol:
      return protocols(connection, scratch);
    case Kind::filter_state: {
      const std::string* found = connection.find_filter_state(input.name);
      return found == nullptr ? Value() : Value(*found);
    }
    case Kind::uri_san:
    case Kind::dns_san:
    case Kind::subject:
      return of_certificate(input.kind, connection, scratch);
    case Kind::request_header:
    case Kind::query_parameter:
    case Kind::response_header:
    case Kind::response_status:
    case Kind::response_status_class:
      break;
  }
  return std::nullopt;
}

}  // namespace outrigger::config
