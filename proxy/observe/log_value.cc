#include "proxy/observe/log_value.h"

#include <sys/random.h>

#include <cstdlib>
#include <cstring>

#include "api/config/listener.h"
#include "api/config/route.h"
#include "proxy/observe/log_duration.h"
#include "proxy/observe/log_grpc.h"
#include "proxy/observe/log_metadata.h"
#include "proxy/observe/log_path.h"
#include "proxy/observe/log_peer.h"
#include "proxy/observe/log_tls.h"

namespace outrigger::observe {
namespace {

using config::LogCommand;
using config::LogField;

LogValue header(const http::HeaderMap* headers, const LogCommand& command) {
  if (headers == nullptr) return {};
  const http::HeaderField* field = headers->find(command.text);
  if (field == nullptr && !command.alternative.empty()) field = headers->find(command.alternative);
  return field == nullptr ? LogValue() : LogValue(field->value);
}

LogValue without_query(LogValue value) {
  value.text = value.text.substr(0, value.text.find('?'));
  return value;
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

LogValue time(const LogCommand& command, TimeText::Zone zone, SystemTime time,
              const LogContext& context, LogScratch& scratch) {
  if (context.times != nullptr) return context.times->text(command.text, zone, time);
  if (!scratch.times) scratch.times.emplace();
  return scratch.times->text(command.text, zone, time);
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
  static constexpr std::string_view kNames[] = {"NotSet",
                                                "TcpUpstreamConnected",
                                                "TcpPeriodic",
                                                "TcpConnectionEnd",
                                                "DownstreamStart",
                                                "DownstreamPeriodic",
                                                "DownstreamEnd",
                                                "UpstreamPoolReady",
                                                "UpstreamPeriodic",
                                                "UpstreamEnd",
                                                "DownstreamTunnelSuccessfullyEstablished",
                                                "UdpTunnelUpstreamConnected",
                                                "UdpPeriodic",
                                                "UdpSessionEnd",
                                                "TcpConnectionStart"};
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

// What is not set is "-", as text: also in JSON, as Envoy has it.
LogValue environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return std::string_view(value == nullptr ? "-" : value);
}

LogValue chain_or_listener(LogField field, const DownstreamConnectionInfo* connection) {
  if (connection == nullptr) return {};
  if (field == LogField::listener_name) return non_empty(connection->listener_name);
  return connection->filter_chain == nullptr ? LogValue()
                                             : non_empty(connection->filter_chain->name);
}

// The first that has something to show.
LogValue coalesce(const LogCommand& command, const LogContext& context, LogScratch& scratch) {
  for (const LogCommand& each : command.operators) {
    LogValue value = value_of(each, context, scratch);
    bool empty = value.kind == LogValue::Kind::text && value.text.empty();
    if (value.kind != LogValue::Kind::none && !empty) return value;
  }
  return {};
}

// What others than the stream itself left in it.
LogValue shared_value(const LogCommand& command, const LogContext& context, LogScratch& scratch) {
  switch (command.field) {
    case LogField::tls:
      return tls_value(command, context, scratch);
    case LogField::metadata:
      return metadata_value(command, context.info);
    case LogField::filter_state:
      return filter_state_value(command, context.info, scratch);
    case LogField::coalesce:
      return coalesce(command, context, scratch);
    case LogField::filter_chain_name:
    case LogField::listener_name:
      return chain_or_listener(command.field, context.info.connection);
    case LogField::custom_flags:  // without any: an empty text, as Envoy has it
      return context.info.extras == nullptr ? std::string_view()
                                            : std::string_view(context.info.extras->custom_flags);
    case LogField::trace_id:  // no spans are made
    case LogField::span_id:
      return {};
    case LogField::requested_server_name:
      return requested_server_name(command, context, scratch);
    default:
      return peer_value(command, context.info, scratch);
  }
}

// What the process and the stream as a whole are.
LogValue process_value(const LogCommand& command, const LogContext& context, LogScratch& scratch) {
  switch (command.field) {
    case LogField::stream_id:
      return non_empty(context.info.request_id);
    case LogField::hostname:
      return non_empty(context.hostname);
    case LogField::access_log_type:
      return type_name(context.type);
    case LogField::environment:
      return environment(command.text);
    case LogField::unique_id:
      return unique_id(scratch);
    default:
      return shared_value(command, context, scratch);
  }
}

// How the stream went.
LogValue outcome_value(const LogCommand& command, const LogContext& context, LogScratch& scratch) {
  const StreamInfo& info = context.info;
  switch (command.field) {
    case LogField::protocol:
      return protocol_name(info.protocol);
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
    default:
      return process_value(command, context, scratch);
  }
}

uint64_t size_of(const http::HeaderMap* headers) {
  return headers == nullptr ? 0 : headers->byte_size();
}

LogValue wire_value(const LogCommand& command, const LogContext& context, LogScratch& scratch) {
  const http::WireBytes& downstream = context.info.downstream_wire;
  const http::WireBytes& upstream = context.info.upstream_wire;
  switch (command.field) {
    case LogField::downstream_wire_bytes_received:
      return downstream.received;
    case LogField::downstream_wire_bytes_sent:
      return downstream.sent;
    case LogField::downstream_header_bytes_received:
      return downstream.headers_received;
    case LogField::downstream_header_bytes_sent:
      return downstream.headers_sent;
    case LogField::downstream_decompressed_header_bytes_received:
      return downstream.decompressed_headers_received;
    case LogField::downstream_decompressed_header_bytes_sent:
      return downstream.decompressed_headers_sent;
    case LogField::upstream_wire_bytes_received:
      return upstream.received;
    case LogField::upstream_wire_bytes_sent:
      return upstream.sent;
    case LogField::upstream_header_bytes_received:
      return upstream.headers_received;
    case LogField::upstream_header_bytes_sent:
      return upstream.headers_sent;
    case LogField::upstream_decompressed_header_bytes_received:
      return upstream.decompressed_headers_received;
    case LogField::upstream_decompressed_header_bytes_sent:
      return upstream.decompressed_headers_sent;
    default:
      return outcome_value(command, context, scratch);
  }
}

// Bodies, and heads as they stand when the line is written.
LogValue bytes_value(const LogCommand& command, const LogContext& context, LogScratch& scratch) {
  const StreamInfo& info = context.info;
  switch (command.field) {
    case LogField::bytes_received:
      return info.request_body_bytes;
    case LogField::bytes_sent:
      return info.response_body_bytes;
    case LogField::bytes_retransmitted:  // QUIC's
    case LogField::packets_retransmitted:
      return uint64_t{0};
    case LogField::request_headers_bytes:
      return size_of(context.request);
    case LogField::response_headers_bytes:
      return size_of(context.response);
    case LogField::response_trailers_bytes:
      return size_of(context.trailers);
    case LogField::upstream_body_bytes_sent:
      return info.upstream_request_body_bytes;
    case LogField::upstream_body_bytes_received:
      return info.upstream_response_body_bytes;
    default:
      return wire_value(command, context, scratch);
  }
}

LogValue time_value(const LogCommand& command, const LogContext& context, LogScratch& scratch) {
  const StreamInfo& info = context.info;
  switch (command.field) {
    case LogField::start_time:
      return time(command, TimeText::Zone::utc, info.start_time, context, scratch);
    case LogField::start_time_local:
      return time(command, TimeText::Zone::local, info.start_time, context, scratch);
    case LogField::emit_time:
    case LogField::emit_time_local: {
      SystemTime now = context.now ? *context.now : std::chrono::system_clock::now();
      bool local = command.field == LogField::emit_time_local;
      return time(command, local ? TimeText::Zone::local : TimeText::Zone::utc, now, context,
                  scratch);
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
    case LogField::downstream_handshake_duration:
      return handshake_duration(info);
    case LogField::upstream_connection_pool_ready_duration:
      return info.upstream_pool_ready ? LogValue(whole_ms(*info.upstream_pool_ready)) : LogValue();
    default:
      return bytes_value(command, context, scratch);
  }
}

LogValue request_value(const LogCommand& command, const http::HeaderMap& request,
                       LogScratch& scratch) {
  if (command.field == LogField::path) return logged_path(request, command.text);
  if (command.field == LogField::query_params)
    return logged_query(request, command.text == "DECODED", scratch.large);
  return query_parameter(request, command.text, scratch.large);
}

// What the messages say; each of these functions hands what is not its own to the next.
LogValue message_value(const LogCommand& command, const LogContext& context, LogScratch& scratch) {
  switch (command.field) {
    case LogField::literal:
      return std::string_view(command.text);
    case LogField::request_header:
      return header(context.request, command);
    case LogField::request_without_query:
      return without_query(header(context.request, command));
    case LogField::response_header:
      return header(context.response, command);
    case LogField::response_trailer:
      return header(context.trailers, command);
    case LogField::local_reply_body:
      return context.local_reply_body;
    case LogField::path:
    case LogField::query_param:
    case LogField::query_params:
      if (context.request == nullptr) return {};
      return request_value(command, *context.request, scratch);
    case LogField::grpc_status:
    case LogField::grpc_status_number:
      return grpc(command, context);
    default:
      return time_value(command, context, scratch);
  }
}

}  // namespace

LogValue value_of(const LogCommand& command, const LogContext& context, LogScratch& scratch) {
  LogValue value = message_value(command, context, scratch);
  if (command.max_length && value.kind == LogValue::Kind::text) {
    value.text = value.text.substr(0, *command.max_length);
  }
  return value;
}

std::string_view data_text(const LogCommand& command, const LogValue& value, LogScratch& scratch) {
  scratch.large.clear();
  append_json(*value.data, scratch.large);
  std::string_view text = scratch.large;
  return command.max_length ? text.substr(0, *command.max_length) : text;
}

}  // namespace outrigger::observe
