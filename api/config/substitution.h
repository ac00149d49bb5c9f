// Substitution formats: Envoy's "%REQ(X?Y):10%" command strings, compiled; used by access logs,
// header values and local replies.
// https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage
// Thread: any; immutable. Compiled by xds/, evaluated by proxy/observe/.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace outrigger::config {

// What a command reads. The name is Envoy's, in lower case: %REQUEST_DURATION% is request_duration.
enum class LogField : uint8_t {
  literal,           // `text` as it is
  request_header,    // REQ(main?alternative)
  response_header,   // RESP(...)
  response_trailer,  // TRAILER(...)
  start_time,        // START_TIME(format)
  start_time_local,
  emit_time,
  request_duration,
  request_tx_duration,
  response_duration,
  response_tx_duration,
  duration,
  roundtrip_duration,
  common_duration,  // COMMON_DURATION(start:end:precision)
  bytes_received,
  bytes_sent,
  bytes_retransmitted,
  packets_retransmitted,
  upstream_wire_bytes_sent,
  upstream_wire_bytes_received,
  upstream_header_bytes_sent,
  upstream_header_bytes_received,
  upstream_body_bytes_sent,
  upstream_body_bytes_received,
  downstream_wire_bytes_sent,
  downstream_wire_bytes_received,
  downstream_header_bytes_sent,
  downstream_header_bytes_received,
  protocol,
  upstream_protocol,
  upstream_request_attempt_count,
  response_code,
  response_code_details,
  connection_termination_details,
  response_flags,
  response_flags_long,
  route_name,
  virtual_host_name,
  virtual_cluster_name,
  upstream_cluster,
  upstream_cluster_raw,
  upstream_host,
  upstream_host_name,
  upstream_host_name_without_port,
  upstream_local_address,
  upstream_local_address_without_port,
  upstream_local_port,
  upstream_remote_address,
  upstream_remote_address_without_port,
  upstream_remote_port,
  upstream_connection_id,
  upstream_transport_failure_reason,
  downstream_remote_address,
  downstream_remote_address_without_port,
  downstream_remote_port,
  downstream_direct_remote_address,
  downstream_direct_remote_address_without_port,
  downstream_direct_remote_port,
  downstream_local_address,
  downstream_local_address_without_port,
  downstream_local_port,
  downstream_transport_failure_reason,
  connection_id,
  stream_id,
  requested_server_name,
  hostname,
  access_log_type,
  environment,
  local_reply_body,
  path,  // PATH(WQ|NQ:ORIG|PATH|ORIG_OR_PATH)
  query_param,
  query_params,
  request_headers_bytes,
  response_headers_bytes,
  grpc_status,
  grpc_status_number,
  unique_id,
  cause,  // OUTRIGGER_CAUSE: the one sentence of the outcome (ours)
};

struct LogCommand {
  LogField field = LogField::literal;
  std::string text;         // the literal, the header's name (lower case), the time format, ...
  std::string alternative;  // REQ(main?alternative)
  std::optional<uint32_t> max_length;
};

using SubstitutionFormat = std::vector<LogCommand>;

// json_format: objects keep their keys; a leaf that is one command alone keeps its type (number,
// null), others are strings.
struct JsonMember;
struct JsonFormat {
  using Object = std::vector<JsonMember>;
  using List = std::vector<JsonFormat>;
  struct Constant {
    std::string json;  // a number, boolean or null, rendered
  };
  std::variant<SubstitutionFormat, Object, List, Constant> value;
};

// A pair in all but its type: clang cannot complete a std::pair of the struct that contains it.
struct JsonMember {
  JsonMember(std::string key, JsonFormat value) : first(std::move(key)), second(std::move(value)) {}

  std::string first;
  JsonFormat second;
};

struct LogFormat {
  std::variant<SubstitutionFormat, JsonFormat> format;
  bool omit_empty_values = false;
  std::string content_type;  // only for local replies
};

}  // namespace outrigger::config
