#include "proxy/observe/log_peer.h"

#include "api/config/cluster.h"

namespace outrigger::observe {
namespace {

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

LogValue upstream_host_name(const StreamInfo& info, bool with_port, LogScratch& scratch) {
  if (info.upstream_hostname.empty()) {
    return address(info.upstream_remote, with_port ? Part::all : Part::ip, scratch);
  }
  std::string_view name = info.upstream_hostname;
  // A colon before an IPv6 literal's bracket is not a port's.
  size_t colon = name.rfind(':');
  bool has_port = colon != std::string_view::npos && name.find(':') == colon;
  if (name.ends_with(']')) has_port = false;
  if (name.starts_with('[') && !name.ends_with(']')) has_port = colon != std::string_view::npos;
  return !with_port && has_port ? name.substr(0, colon) : name;
}

LogValue cluster_name(const config::Cluster* cluster, bool raw) {
  if (cluster == nullptr) return {};
  bool alternative = !raw && !cluster->alt_stat_name.empty();
  return non_empty(alternative ? cluster->alt_stat_name : cluster->ref.name);
}

// Of the downstream connection; nothing where there is none.
LogValue connection_value(LogField field, const StreamInfo& info, LogScratch& scratch) {
  if (info.connection == nullptr) return {};
  const DownstreamConnectionInfo& connection = *info.connection;
  switch (field) {
    case LogField::downstream_direct_remote_address:
      return address(connection.direct_remote, Part::all, scratch);
    case LogField::downstream_direct_remote_address_without_port:
      return address(connection.direct_remote, Part::ip, scratch);
    case LogField::downstream_direct_remote_port:
      return address(connection.direct_remote, Part::port, scratch);
    case LogField::downstream_local_address:
      return address(connection.local, Part::all, scratch);
    case LogField::downstream_local_address_without_port:
      return address(connection.local, Part::ip, scratch);
    case LogField::downstream_local_port:
      return address(connection.local, Part::port, scratch);
    case LogField::requested_server_name:
      return non_empty(connection.requested_server_name);
    case LogField::connection_id:
      return connection.id;
    default:  // downstream_transport_failure_reason: no transport but plain TCP fails so far
      return {};
  }
}

LogValue downstream_value(LogField field, const StreamInfo& info, LogScratch& scratch) {
  switch (field) {
    case LogField::downstream_remote_address:
      return address(info.downstream_remote, Part::all, scratch);
    case LogField::downstream_remote_address_without_port:
      return address(info.downstream_remote, Part::ip, scratch);
    case LogField::downstream_remote_port:
      return address(info.downstream_remote, Part::port, scratch);
    default:
      return connection_value(field, info, scratch);
  }
}

}  // namespace

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

LogValue peer_value(LogField field, const StreamInfo& info, LogScratch& scratch) {
  switch (field) {
    case LogField::upstream_protocol:
      return protocol_name(info.upstream_protocol);
    case LogField::upstream_request_attempt_count:
      return uint64_t{info.attempt_count};
    case LogField::upstream_cluster:
      return cluster_name(info.upstream_cluster, false);
    case LogField::upstream_cluster_raw:
      return cluster_name(info.upstream_cluster, true);
    case LogField::upstream_host:
    case LogField::upstream_remote_address:
      return address(info.upstream_remote, Part::all, scratch);
    case LogField::upstream_remote_address_without_port:
      return address(info.upstream_remote, Part::ip, scratch);
    case LogField::upstream_remote_port:
      return address(info.upstream_remote, Part::port, scratch);
    case LogField::upstream_host_name:
      return upstream_host_name(info, true, scratch);
    case LogField::upstream_host_name_without_port:
      return upstream_host_name(info, false, scratch);
    case LogField::upstream_local_address:
      return address(info.upstream_local, Part::all, scratch);
    case LogField::upstream_local_address_without_port:
      return address(info.upstream_local, Part::ip, scratch);
    case LogField::upstream_local_port:
      return address(info.upstream_local, Part::port, scratch);
    case LogField::upstream_connection_id:
      return info.upstream_connection_id;
    case LogField::upstream_transport_failure_reason:
      return one_word(info.upstream_transport_failure_reason, scratch);
    default:
      return downstream_value(field, info, scratch);
  }
}

}  // namespace outrigger::observe
