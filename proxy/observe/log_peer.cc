#include "proxy/observe/log_peer.h"

#include "api/config/cluster.h"
#include "proxy/observe/log_attempts.h"

namespace outrigger::observe {
namespace {

using config::LogCommand;
using config::LogField;

enum class Part : uint8_t {
  all,
  ip,
  port
};

LogValue address(const net::Address& address, Part part, LogScratch& scratch) {
  if (!address.valid()) return {};
  if (part == Part::port) return address.is_ip() ? LogValue(uint64_t{address.port()}) : LogValue();
  return address_text(address, part == Part::all, scratch.small);
}

LogValue without_port(const LogCommand& command, const net::Address& address, LogScratch& scratch) {
  if (!address.valid()) return {};
  if (command.prefix_length && address.is_ip())
    return network_text(address, *command.prefix_length, scratch.small);
  return address_text(address, false, scratch.small);
}

// What is no internal address has none: an empty text, as Envoy has it.
LogValue endpoint_id(const net::Address& address) {
  if (!address.valid()) return {};
  return address.is_internal() ? address.internal_endpoint_id() : std::string_view();
}

LogValue close_type(CloseType type) {
  static constexpr std::string_view kNames[] = {"Normal", "LocalReset", "RemoteReset"};
  return kNames[static_cast<unsigned>(type)];
}

LogValue cluster_name(const config::Cluster* cluster, bool raw) {
  if (cluster == nullptr) return {};
  bool alternative = !raw && !cluster->alt_stat_name.empty();
  return non_empty(alternative ? cluster->alt_stat_name : cluster->ref.name);
}

// Of the downstream connection; nothing where there is none.
LogValue connection_value(const LogCommand& command, const StreamInfo& info, LogScratch& scratch) {
  if (info.connection == nullptr) return {};
  const DownstreamConnectionInfo& connection = *info.connection;
  switch (command.field) {
    case LogField::downstream_direct_remote_address:
      return address(connection.direct_remote, Part::all, scratch);
    case LogField::downstream_direct_remote_address_without_port:
      return without_port(command, connection.direct_remote, scratch);
    case LogField::downstream_direct_remote_port:
      return address(connection.direct_remote, Part::port, scratch);
    case LogField::downstream_local_address:
      return address(connection.local, Part::all, scratch);
    case LogField::downstream_local_address_without_port:
      return without_port(command, connection.local, scratch);
    case LogField::downstream_local_port:
      return address(connection.local, Part::port, scratch);
    case LogField::downstream_local_address_endpoint_id:
      return endpoint_id(connection.local);
    case LogField::downstream_direct_local_address:
      return address(connection.direct_local, Part::all, scratch);
    case LogField::downstream_direct_local_address_without_port:
      return without_port(command, connection.direct_local, scratch);
    case LogField::downstream_direct_local_port:
      return address(connection.direct_local, Part::port, scratch);
    case LogField::downstream_direct_local_address_endpoint_id:
      return endpoint_id(connection.direct_local);
    case LogField::downstream_detected_close_type:
      return close_type(connection.close_type);
    case LogField::downstream_local_close_reason:
      return non_empty(connection.local_close_reason);
    case LogField::downstream_transport_failure_reason:
      return one_word(connection.transport_failure, scratch);
    case LogField::connection_id:
      return connection.id;
    default:
      return {};
  }
}

LogValue downstream_value(const LogCommand& command, const StreamInfo& info, LogScratch& scratch) {
  switch (command.field) {
    case LogField::downstream_remote_address:
      return address(info.downstream_remote, Part::all, scratch);
    case LogField::downstream_remote_address_without_port:
      return without_port(command, info.downstream_remote, scratch);
    case LogField::downstream_remote_port:
      return address(info.downstream_remote, Part::port, scratch);
    default:
      return connection_value(command, info, scratch);
  }
}

LogValue upstream_host_name(const StreamInfo& info, bool with_port, LogScratch& scratch) {
  return non_empty(host_name(info.upstream_hostname, info.upstream_remote, with_port, scratch));
}

// The upstream's addresses.
LogValue upstream_address(const LogCommand& command, const StreamInfo& info, LogScratch& scratch) {
  switch (command.field) {
    case LogField::upstream_host:
    case LogField::upstream_remote_address:
      return address(info.upstream_remote, Part::all, scratch);
    case LogField::upstream_remote_address_without_port:
      return without_port(command, info.upstream_remote, scratch);
    case LogField::upstream_remote_port:
      return address(info.upstream_remote, Part::port, scratch);
    case LogField::upstream_remote_address_endpoint_id:
      return endpoint_id(info.upstream_remote);
    case LogField::upstream_host_name:
      return upstream_host_name(info, true, scratch);
    case LogField::upstream_host_name_without_port:
      return upstream_host_name(info, false, scratch);
    case LogField::upstream_local_address:
      return address(info.upstream_local, Part::all, scratch);
    case LogField::upstream_local_address_without_port:
      return without_port(command, info.upstream_local, scratch);
    case LogField::upstream_local_port:
      return address(info.upstream_local, Part::port, scratch);
    default:
      return downstream_value(command, info, scratch);
  }
}

std::string_view sni(const LogContext& context, LogScratch& scratch) {
  if (context.info.connection == nullptr) return {};
  scratch.large = context.info.connection->requested_server_name;
  for (char& c : scratch.large) {  // what cannot stand in a host's name
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '.') c = '_';
  }
  return scratch.large;
}

std::string_view host_of(std::string_view which, const http::HeaderMap* request) {
  if (request == nullptr) return {};
  std::string_view original = request->get(http::HeaderId::x_envoy_original_host);
  if (which == "ORIG" || (which != "HOST" && !original.empty())) return original;
  return request->get(http::HeaderId::authority);
}

}  // namespace

LogValue requested_server_name(const LogCommand& command, const LogContext& context,
                               LogScratch& scratch) {
  bool host_first = command.text == "HOST_FIRST";
  if (host_first) {
    std::string_view host = host_of(command.alternative, context.request);
    if (!host.empty()) return host;
  }
  std::string_view name = sni(context, scratch);
  if (!name.empty() || command.text != "SNI_FIRST") return non_empty(name);
  return non_empty(host_of(command.alternative, context.request));
}

std::string_view host_name(std::string_view name, const net::Address& address, bool with_port,
                           LogScratch& scratch) {
  if (name.empty())
    return address.valid() ? address_text(address, with_port, scratch.small) : std::string_view();
  // A colon before an IPv6 literal's bracket is not a port's.
  size_t colon = name.rfind(':');
  bool has_port = colon != std::string_view::npos && name.find(':') == colon;
  if (name.ends_with(']')) has_port = false;
  if (name.starts_with('[') && !name.ends_with(']')) has_port = colon != std::string_view::npos;
  return !with_port && has_port ? name.substr(0, colon) : name;
}

LogValue non_empty(std::string_view text) {
  return text.empty() ? LogValue() : LogValue(text);
}

LogValue one_word(std::string_view text, LogScratch& scratch) {
  if (text.empty()) return {};
  if (text.find_first_of(" \t\r\n") == std::string_view::npos) return text;
  scratch.large = text;
  for (char& c : scratch.large) {
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') c = '_';
  }
  return std::string_view(scratch.large);
}

LogValue protocol_name(std::optional<http::Protocol> protocol) {
  if (!protocol) return {};
  switch (*protocol) {
    case http::Protocol::http10:
      return std::string_view("HTTP/1.0");
    case http::Protocol::http11:
      return std::string_view("HTTP/1.1");
    case http::Protocol::http2:
      return std::string_view("HTTP/2");
  }
  return {};
}

LogValue peer_value(const LogCommand& command, const StreamInfo& info, LogScratch& scratch) {
  switch (command.field) {
    case LogField::upstream_protocol:
      return protocol_name(info.upstream_protocol);
    case LogField::upstream_request_attempt_count:
      return uint64_t{info.attempt_count};
    case LogField::upstream_cluster:
      return cluster_name(info.upstream_cluster, false);
    case LogField::upstream_cluster_raw:
      return cluster_name(info.upstream_cluster, true);
    case LogField::upstream_connection_id:
      return info.upstream_connection_id;
    case LogField::upstream_transport_failure_reason:
      return one_word(info.upstream_transport_failure_reason, scratch);
    case LogField::upstream_detected_close_type:
      return close_type(info.upstream_close_type);
    case LogField::upstream_local_close_reason:
      return non_empty(info.upstream_local_close_reason);
    case LogField::upstream_hosts_attempted:
    case LogField::upstream_hosts_attempted_without_port:
    case LogField::upstream_host_names_attempted:
    case LogField::upstream_host_names_attempted_without_port:
    case LogField::upstream_connection_ids_attempted:
      return attempts_value(command.field, info, scratch);
    default:
      return upstream_address(command, info, scratch);
  }
}

}  // namespace outrigger::observe
