#include "xds/compile_substitution_commands.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "absl/strings/ascii.h"
#include <fmt/format.h>

namespace outrigger::xds {
namespace {

using config::LogCommand;
using config::LogField;

enum class Takes : uint8_t {
  nothing,
  header,       // NAME or NAME?ALTERNATIVE, with a length
  required,     // some text, with a length
  time_format,  // optional
  duration,     // START:END or START:END:PRECISION
  path,         // WQ|NQ, then :ORIG|PATH|ORIG_OR_PATH
  query,        // ORIG
  grpc_status,  // CAMEL_STRING, SNAKE_STRING or NUMBER
  free_text,    // optional
};

struct Command {
  std::string_view name;
  LogField field;
  Takes takes = Takes::nothing;
};

constexpr Command kCommands[] = {
    {"REQ", LogField::request_header, Takes::header},
    {"RESP", LogField::response_header, Takes::header},
    {"TRAILER", LogField::response_trailer, Takes::header},
    {"REQUEST_HEADER", LogField::request_header, Takes::header},
    {"RESPONSE_HEADER", LogField::response_header, Takes::header},
    {"RESPONSE_TRAILER", LogField::response_trailer, Takes::header},
    {"START_TIME", LogField::start_time, Takes::time_format},
    {"START_TIME_LOCAL", LogField::start_time_local, Takes::time_format},
    {"EMIT_TIME", LogField::emit_time, Takes::time_format},
    {"REQUEST_DURATION", LogField::request_duration},
    {"REQUEST_TX_DURATION", LogField::request_tx_duration},
    {"RESPONSE_DURATION", LogField::response_duration},
    {"RESPONSE_TX_DURATION", LogField::response_tx_duration},
    {"DURATION", LogField::duration},
    {"ROUNDTRIP_DURATION", LogField::roundtrip_duration},
    {"COMMON_DURATION", LogField::common_duration, Takes::duration},
    {"BYTES_RECEIVED", LogField::bytes_received},
    {"BYTES_SENT", LogField::bytes_sent},
    {"BYTES_RETRANSMITTED", LogField::bytes_retransmitted},
    {"PACKETS_RETRANSMITTED", LogField::packets_retransmitted},
    {"UPSTREAM_WIRE_BYTES_SENT", LogField::upstream_wire_bytes_sent},
    {"UPSTREAM_WIRE_BYTES_RECEIVED", LogField::upstream_wire_bytes_received},
    {"UPSTREAM_HEADER_BYTES_SENT", LogField::upstream_header_bytes_sent},
    {"UPSTREAM_HEADER_BYTES_RECEIVED", LogField::upstream_header_bytes_received},
    {"DOWNSTREAM_WIRE_BYTES_SENT", LogField::downstream_wire_bytes_sent},
    {"DOWNSTREAM_WIRE_BYTES_RECEIVED", LogField::downstream_wire_bytes_received},
    {"DOWNSTREAM_HEADER_BYTES_SENT", LogField::downstream_header_bytes_sent},
    {"DOWNSTREAM_HEADER_BYTES_RECEIVED", LogField::downstream_header_bytes_received},
    {"PROTOCOL", LogField::protocol},
    {"UPSTREAM_PROTOCOL", LogField::upstream_protocol},
    {"UPSTREAM_REQUEST_ATTEMPT_COUNT", LogField::upstream_request_attempt_count},
    {"RESPONSE_CODE", LogField::response_code},
    {"RESPONSE_CODE_DETAILS", LogField::response_code_details, Takes::free_text},
    {"CONNECTION_TERMINATION_DETAILS", LogField::connection_termination_details},
    {"RESPONSE_FLAGS", LogField::response_flags},
    {"RESPONSE_FLAGS_LONG", LogField::response_flags_long},
    {"ROUTE_NAME", LogField::route_name},
    {"VIRTUAL_CLUSTER_NAME", LogField::virtual_cluster_name},
    {"UPSTREAM_CLUSTER", LogField::upstream_cluster},
    {"UPSTREAM_CLUSTER_RAW", LogField::upstream_cluster_raw},
    {"UPSTREAM_HOST", LogField::upstream_host},
    {"UPSTREAM_HOST_NAME", LogField::upstream_host_name},
    {"UPSTREAM_HOST_NAME_WITHOUT_PORT", LogField::upstream_host_name_without_port},
    {"UPSTREAM_LOCAL_ADDRESS", LogField::upstream_local_address},
    {"UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT", LogField::upstream_local_address_without_port},
    {"UPSTREAM_LOCAL_PORT", LogField::upstream_local_port},
    {"UPSTREAM_REMOTE_ADDRESS", LogField::upstream_remote_address},
    {"UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", LogField::upstream_remote_address_without_port},
    {"UPSTREAM_REMOTE_PORT", LogField::upstream_remote_port},
    {"UPSTREAM_CONNECTION_ID", LogField::upstream_connection_id},
    {"UPSTREAM_TRANSPORT_FAILURE_REASON", LogField::upstream_transport_failure_reason},
    {"DOWNSTREAM_REMOTE_ADDRESS", LogField::downstream_remote_address},
    {"DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", LogField::downstream_remote_address_without_port},
    {"DOWNSTREAM_REMOTE_PORT", LogField::downstream_remote_port},
    {"DOWNSTREAM_DIRECT_REMOTE_ADDRESS", LogField::downstream_direct_remote_address},
    {"DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT",
     LogField::downstream_direct_remote_address_without_port},
    {"DOWNSTREAM_DIRECT_REMOTE_PORT", LogField::downstream_direct_remote_port},
    {"DOWNSTREAM_LOCAL_ADDRESS", LogField::downstream_local_address},
    {"DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT", LogField::downstream_local_address_without_port},
    {"DOWNSTREAM_LOCAL_PORT", LogField::downstream_local_port},
    {"DOWNSTREAM_TRANSPORT_FAILURE_REASON", LogField::downstream_transport_failure_reason},
    {"CONNECTION_ID", LogField::connection_id},
    {"STREAM_ID", LogField::stream_id},
    {"REQUESTED_SERVER_NAME", LogField::requested_server_name},
    {"HOSTNAME", LogField::hostname},
    {"ACCESS_LOG_TYPE", LogField::access_log_type},
    {"ENVIRONMENT", LogField::environment, Takes::required},
    {"LOCAL_REPLY_BODY", LogField::local_reply_body},
    {"PATH", LogField::path, Takes::path},
    {"QUERY_PARAM", LogField::query_param, Takes::required},
    {"QUERY_PARAMS", LogField::query_params, Takes::query},
    {"REQUEST_HEADERS_BYTES", LogField::request_headers_bytes},
    {"RESPONSE_HEADERS_BYTES", LogField::response_headers_bytes},
    {"GRPC_STATUS", LogField::grpc_status, Takes::grpc_status},
    {"GRPC_STATUS_NUMBER", LogField::grpc_status_number},
    {"UNIQUE_ID", LogField::unique_id},
    {"VIRTUAL_HOST_NAME", LogField::virtual_host_name},
    {"OUTRIGGER_CAUSE", LogField::cause},
};

// Envoy has these and this proxy does not (yet): names and beginnings of names.
constexpr std::string_view kNotSupported[] = {"COALESCE",
                                              "CLUSTER_METADATA",
                                              "CUSTOM_FLAGS",
                                              "DYNAMIC_METADATA",
                                              "FILTER_CHAIN_NAME",
                                              "FILTER_STATE",
                                              "LISTENER_NAME",
                                              "METADATA",
                                              "RESPONSE_TRAILERS_BYTES",
                                              "SPAN_ID",
                                              "TRACE_ID",
                                              "UPSTREAM_CONNECTION_POOL_READY_DURATION",
                                              "UPSTREAM_FILTER_STATE",
                                              "UPSTREAM_METADATA",
                                              "UPSTREAM_SERVER_NAME",
                                              "DOWNSTREAM_CX_RTT",
                                              "DOWNSTREAM_HANDSHAKE_DURATION",
                                              "TLS_JA3_FINGERPRINT",
                                              "TLS_JA4_FINGERPRINT"};
constexpr std::string_view kNotSupportedPrefixes[] = {"DOWNSTREAM_PEER_",
                                                      "DOWNSTREAM_TLS_",
                                                      "DOWNSTREAM_LOCAL_",
                                                      "DOWNSTREAM_DIRECT_LOCAL_",
                                                      "DOWNSTREAM_DETECTED_",
                                                      "DOWNSTREAM_DECOMPRESSED_",
                                                      "UPSTREAM_PEER_",
                                                      "UPSTREAM_TLS_",
                                                      "UPSTREAM_LOCAL_",
                                                      "UPSTREAM_DETECTED_",
                                                      "UPSTREAM_DECOMPRESSED_",
                                                      "UPSTREAM_HOSTS_ATTEMPTED",
                                                      "UPSTREAM_HOST_NAMES_ATTEMPTED",
                                                      "UPSTREAM_CONNECTION_IDS_ATTEMPTED",
                                                      "UPSTREAM_REMOTE_ADDRESS_"};

absl::Status error(std::string text) {
  return absl::InvalidArgumentError(text);
}

absl::Status unknown_command(std::string_view name) {
  bool known = std::ranges::find(kNotSupported, name) != std::end(kNotSupported) ||
               std::ranges::any_of(kNotSupportedPrefixes, [name](std::string_view prefix) {
                 return name.starts_with(prefix);
               });
  return error(fmt::format("command %{}% is {}", name, known ? "not supported" : "unknown"));
}

absl::Status unknown_option(const CommandText& text, std::string_view allowed) {
  return error(
      fmt::format("command %{}%: '{}' is none of {}", text.name, text.parameters, allowed));
}

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

bool is_header_name(std::string_view name) {
  if (name.starts_with(':')) name.remove_prefix(1);
  return std::ranges::all_of(name, [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

absl::Status set_header(const CommandText& text, LogCommand& out) {
  std::string lower(text.parameters);
  absl::AsciiStrToLower(&lower);
  size_t question = lower.find('?');
  out.text = lower.substr(0, question);
  if (question != std::string::npos) out.alternative = lower.substr(question + 1);
  if (out.alternative.find('?') != std::string::npos) {
    return error(fmt::format("command %{}%: more than one alternative header in '{}'", text.name,
                             text.parameters));
  }
  if (!is_header_name(out.text) || !is_header_name(out.alternative)) {
    return error(
        fmt::format("command %{}%: '{}' is not a header's name", text.name, text.parameters));
  }
  // A request's Host is its :authority.
  if (out.field == LogField::request_header) {
    if (out.text == "host") out.text = ":authority";
    if (out.alternative == "host") out.alternative = ":authority";
  }
  return absl::OkStatus();
}

absl::Status check_duration(const CommandText& text) {
  constexpr std::string_view kPoints =
      "DS_RX_BEG, DS_RX_END, US_CX_BEG, US_CX_END, US_HS_END, US_TX_BEG, US_TX_END, US_RX_BEG, "
      "US_RX_BODY_BEG, US_RX_END, DS_TX_BEG, DS_TX_END";
  std::string_view rest = text.parameters;
  std::array<std::string_view, 3> parts = {"", "", "ms"};
  for (size_t i = 0;; ++i) {
    if (i == parts.size()) return unknown_option(text, "START:END and START:END:PRECISION");
    size_t colon = rest.find(':');
    parts[i] = rest.substr(0, colon);
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
  }
  auto is_point = [kPoints](std::string_view point) {
    size_t at = point.empty() ? std::string_view::npos : kPoints.find(point);
    return at != std::string_view::npos &&
           (at + point.size() == kPoints.size() || kPoints[at + point.size()] == ',') &&
           (at == 0 || kPoints[at - 1] == ' ');
  };
  if (!is_point(parts[0]) || !is_point(parts[1])) return unknown_option(text, kPoints);
  if (!one_of(parts[2], {"ms", "us", "ns"})) return unknown_option(text, "ms, us and ns");
  return absl::OkStatus();
}

absl::Status check_path(const CommandText& text) {
  size_t colon = text.parameters.find(':');
  std::string_view query = text.parameters.substr(0, colon);
  std::string_view which =
      colon == std::string_view::npos ? std::string_view() : text.parameters.substr(colon + 1);
  if (!one_of(query, {"", "WQ", "NQ"})) return unknown_option(text, "WQ and NQ");
  if (!one_of(which, {"", "ORIG", "PATH", "ORIG_OR_PATH"})) {
    return unknown_option(text, "ORIG, PATH and ORIG_OR_PATH");
  }
  return absl::OkStatus();
}

absl::Status check_parameters(const Command& command, const CommandText& text, LogCommand& out) {
  bool empty = text.parameters.empty();
  bool needs_some = command.takes == Takes::header || command.takes == Takes::required ||
                    command.takes == Takes::duration;
  if (needs_some && empty) return error(fmt::format("command %{}% requires parameters", text.name));
  out.text = text.parameters;
  switch (command.takes) {
    case Takes::nothing:
      return empty ? absl::OkStatus()
                   : error(fmt::format("command %{}% takes no parameters", text.name));
    case Takes::header:
      return set_header(text, out);
    case Takes::duration:
      return check_duration(text);
    case Takes::path:
      return check_path(text);
    case Takes::query:
      return one_of(text.parameters, {"", "ORIG"}) ? absl::OkStatus()
                                                   : unknown_option(text, "ORIG");
    case Takes::grpc_status:
      return one_of(text.parameters, {"", "CAMEL_STRING", "SNAKE_STRING", "NUMBER"})
                 ? absl::OkStatus()
                 : unknown_option(text, "CAMEL_STRING, SNAKE_STRING and NUMBER");
    case Takes::required:
    case Takes::time_format:
    case Takes::free_text:
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

bool allows_length(Takes takes) {
  return takes == Takes::header || takes == Takes::required || takes == Takes::path ||
         takes == Takes::query;
}

}  // namespace

absl::StatusOr<LogCommand> compile_command(const CommandText& text) {
  const Command* command = std::ranges::find(kCommands, text.name, &Command::name);
  if (command == std::end(kCommands)) return unknown_command(text.name);
  if (text.has_length && !allows_length(command->takes)) {
    return error(fmt::format("command %{}% takes no length", text.name));
  }
  LogCommand out;
  out.field = command->field;
  if (absl::Status status = check_parameters(*command, text, out); !status.ok()) return status;
  return out;
}

}  // namespace outrigger::xds
