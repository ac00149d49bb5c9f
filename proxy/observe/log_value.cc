#include "proxy/observe/log_value.h"

#include <sys/random.h>

#include <cstdlib>
#include <cstring>

#include "api/config/cluster.h"
#include "api/config/route.h"
#include "proxy/observe/log_duration.h"
#include "proxy/observe/log_grpc.h"
#include "proxy/observe/log_path.h"

namespace outrigger::observe {
namespace {

using config::LogCommand;
using config::LogField;

LogValue non_empty(std::string_view text) {
  return text.empty() ? LogValue() : LogValue(text);
}

LogValue header(const http::HeaderMap* headers, const LogCommand& command) {
  if (headers == nullptr) return {};
  const http::HeaderField* field = headers->find(command.text);
  if (field == nullptr && !command.alternative.empty()) field = headers->find(command.alternative);
  return field == nullptr ? LogValue() : LogValue(field->value);
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

LogValue flags(ResponseFlags set, bool full, LogScratch& scratch) {
  if (set.none()) return std::string_view("-");
  auto name = [full](ResponseFlag flag) { return full ? long_name(flag) : short_name(flag); };
  std::string_view only;
  size_t count = 0;
  for (unsigned i = 0; i < static_cast<unsigned>(ResponseFlag::count); ++i) {
    auto flag = static_cast<ResponseFlag>(i);
    if (!set.has(flag)) continue;
    if (count == 1) scratch.large = only;
    only = name(flag);
    if (++count > 1) scratch.large.append(",").append(only);
  }
  return count > 1 ? std::string_view(scratch.large) : only;
}

// Details are one word, so that a line's columns stay where they are.
LogValue one_word(std::string_view text, LogScratch& scratch) {
  if (text.empty()) return {};
  if (text.find_first_of(" \t\r\n") == std::string_view::npos) return text;
  scratch.large = text;
  for (char& c : scratch.large) {
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') c = '_';
  }
  return std::string_view(scratch.large);
}

LogValue time(const LogCommand& command, TimeText::Zone zone, SystemTime time,
              const LogContext& context, LogScratch& scratch) {
  if (context.times != nullptr) return context.times->text(command.text, zone, time);
  if (!scratch.times) scratch.times.emplace();
  return scratch.times->text(command.text, zone, time);
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

LogValue grpc(const LogCommand& command, const LogContext& context) {
  auto status = grpc_status(context);
  if (!status || command.field == LogField::grpc_status_number || command.text == "NUMBER") {
    return status;
  }
  std::string_view name = grpc_status_name(*status, command.text == "SNAKE_STRING");
  return name.empty() ? LogValue(*status) : LogValue(name);
}

LogValue type_name(AccessLogType type) {
  static constexpr std::string_view kNames[] = {
      "NotSet",          "DownstreamStart",      "DownstreamPeriodic",
      "DownstreamEnd",   "UpstreamPoolReady",    "UpstreamPeriodic",
      "UpstreamEnd",     "TcpUpstreamConnected", "TcpPeriodic",
      "TcpConnectionEnd"};
  return kNames[static_cast<unsigned>(type)];
}

// A random (version 4) UUID.
LogValue unique_id(LogScratch& scratch) {
  unsigned char bytes[16];
  if (getrandom(bytes, sizeof bytes, GRND_NONBLOCK) != static_cast<ssize_t>(sizeof bytes))
    return {};
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
  constexpr char kHex[] = "0123456789abcdef";
  char* at = scratch.small;
  for (size_t i = 0; i < sizeof bytes; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *at++ = '-';
    *at++ = kHex[bytes[i] >> 4];
    *at++ = kHex[bytes[i] & 15];
  }
  return std::string_view(scratch.small, static_cast<size_t>(at - scratch.small));
}

LogValue environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? LogValue() : LogValue(std::string_view(value));
}

// The fields of the downstream connection; nothing where there is none.
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
    default:
      return {};
  }
}

LogValue raw_value(const LogCommand& command, const LogContext& context, LogScratch& scratch) {
  const StreamInfo& info = context.info;
  switch (command.field) {
    case LogField::literal:
      return std::string_view(command.text);
    case LogField::request_header:
      return header(context.request, command);
    case LogField::response_header:
      return header(context.response, command);
    case LogField::response_trailer:
      return header(context.trailers, command);

    case LogField::start_time:
      return time(command, TimeText::Zone::utc, info.start_time, context, scratch);
    case LogField::start_time_local:
      return time(command, TimeText::Zone::local, info.start_time, context, scratch);
    case LogField::emit_time: {
      SystemTime now = context.now ? *context.now : std::chrono::system_clock::now();
      return time(command, TimeText::Zone::utc, now, context, scratch);
    }
    case LogField::request_duration:
      return duration_between(info.start, info.request_end);
    case LogField::request_tx_duration:
      return duration_between(info.start, info.upstream_last_sent);
    case LogField::response_duration:
      return duration_between(info.start, info.upstream_first_received);
    case LogField::response_tx_duration:
      return duration_between(info.upstream_first_received, info.response_last_sent);
    case LogField::duration:
      return total_duration(context);
    case LogField::common_duration:
      return common_duration(info, command.text);
    case LogField::roundtrip_duration:  // QUIC's
      return {};

    case LogField::bytes_received:
      return info.request_body_bytes;
    case LogField::bytes_sent:
      return info.response_body_bytes;
    case LogField::bytes_retransmitted:  // QUIC's
    case LogField::packets_retransmitted:
      return uint64_t{0};
    case LogField::request_headers_bytes:
    case LogField::downstream_header_bytes_received:
      return info.request_header_bytes;
    case LogField::response_headers_bytes:
    case LogField::downstream_header_bytes_sent:
      return info.response_header_bytes;
    // Heads and bodies; framing is the codec's.
    case LogField::downstream_wire_bytes_received:
      return info.request_header_bytes + info.request_body_bytes;
    case LogField::downstream_wire_bytes_sent:
      return info.response_header_bytes + info.response_body_bytes;
    case LogField::upstream_wire_bytes_sent:
      return info.upstream_request_header_bytes + info.upstream_request_body_bytes;
    case LogField::upstream_wire_bytes_received:
      return info.upstream_response_header_bytes + info.upstream_response_body_bytes;
    case LogField::upstream_header_bytes_sent:
      return info.upstream_request_header_bytes;
    case LogField::upstream_header_bytes_received:
      return info.upstream_response_header_bytes;
    case LogField::upstream_body_bytes_sent:
      return info.upstream_request_body_bytes;
    case LogField::upstream_body_bytes_received:
      return info.upstream_response_body_bytes;

    case LogField::protocol:
      return protocol_name(info.protocol);
    case LogField::upstream_protocol:
      return protocol_name(info.upstream_protocol);
    case LogField::upstream_request_attempt_count:
      return uint64_t{info.attempt_count};
    case LogField::response_code:
      return static_cast<uint64_t>(info.response_code.value_or(0));
    case LogField::response_code_details:
      if (command.text == "ALLOW_WHITESPACES") return non_empty(info.details);
      return one_word(info.details, scratch);
    case LogField::connection_termination_details:
      return non_empty(info.connection_termination_details);
    case LogField::response_flags:
      return flags(info.flags, false, scratch);
    case LogField::response_flags_long:
      return flags(info.flags, true, scratch);
    case LogField::cause:
      return non_empty(info.cause);

    case LogField::route_name:
      return info.route == nullptr ? LogValue() : non_empty(info.route->name);
    case LogField::virtual_host_name:
      return info.virtual_host == nullptr ? LogValue() : non_empty(info.virtual_host->name);
    case LogField::virtual_cluster_name:  // virtual clusters are not configurable
      return {};
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

    case LogField::downstream_remote_address:
      return address(info.downstream_remote, Part::all, scratch);
    case LogField::downstream_remote_address_without_port:
      return address(info.downstream_remote, Part::ip, scratch);
    case LogField::downstream_remote_port:
      return address(info.downstream_remote, Part::port, scratch);
    case LogField::downstream_direct_remote_address:
    case LogField::downstream_direct_remote_address_without_port:
    case LogField::downstream_direct_remote_port:
    case LogField::downstream_local_address:
    case LogField::downstream_local_address_without_port:
    case LogField::downstream_local_port:
    case LogField::requested_server_name:
    case LogField::connection_id:
      return connection_value(command.field, info, scratch);
    case LogField::downstream_transport_failure_reason:  // no transport but plain TCP fails so far
      return {};

    case LogField::stream_id:
      return non_empty(info.request_id);
    case LogField::hostname:
      return non_empty(context.hostname);
    case LogField::access_log_type:
      return type_name(context.type);
    case LogField::environment:
      return environment(command.text);
    case LogField::local_reply_body:
      return context.local_reply_body;
    case LogField::path:
      if (context.request == nullptr) return {};
      return logged_path(*context.request, command.text);
    case LogField::query_param:
      if (context.request == nullptr) return {};
      return query_parameter(*context.request, command.text, scratch.large);
    case LogField::query_params:
      if (context.request == nullptr) return {};
      return query_of(*context.request);
    case LogField::grpc_status:
    case LogField::grpc_status_number:
      return grpc(command, context);
    case LogField::unique_id:
      return unique_id(scratch);
  }
  return {};
}

}  // namespace

LogValue value_of(const LogCommand& command, const LogContext& context, LogScratch& scratch) {
  LogValue value = raw_value(command, context, scratch);
  if (command.max_length && value.kind == LogValue::Kind::text) {
    value.text = value.text.substr(0, *command.max_length);
  }
  return value;
}

}  // namespace outrigger::observe
