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
  emit_time_local,
  request_duration,
  request_tx_duration,
  response_duration,
  response_tx_duration,
  duration,
  roundtrip_duration,
  downstream_handshake_duration,
  upstream_connection_pool_ready_duration,
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
  upstream_decompressed_header_bytes_sent,
  upstream_decompressed_header_bytes_received,
  downstream_decompressed_header_bytes_sent,
  downstream_decompressed_header_bytes_received,
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
  upstream_hosts_attempted,
  upstream_hosts_attempted_without_port,
  upstream_host_names_attempted,
  upstream_host_names_attempted_without_port,
  upstream_connection_ids_attempted,
  upstream_remote_address_endpoint_id,
  upstream_detected_close_type,
  upstream_local_close_reason,
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
  downstream_local_address_endpoint_id,
  downstream_direct_local_address,
  downstream_direct_local_address_without_port,
  downstream_direct_local_port,
  downstream_direct_local_address_endpoint_id,
  downstream_detected_close_type,
  downstream_local_close_reason,
  downstream_transport_failure_reason,
  connection_id,
  stream_id,
  requested_server_name,  // REQUESTED_SERVER_NAME(SNI_ONLY|SNI_FIRST|HOST_FIRST:ORIG|HOST|...)
  filter_chain_name,
  listener_name,
  trace_id,
  span_id,
  custom_flags,
  tls,           // what `tls` says, of the side `upstream`
  metadata,      // the value at `path` of `metadata`
  filter_state,  // FILTER_STATE(name:PLAIN|TYPED|FIELD:field): `text`, `alternative`
  coalesce,      // the first of `operators` that has a value
  hostname,
  access_log_type,
  environment,
  local_reply_body,
  path,                   // PATH(WQ|NQ:ORIG|PATH|ORIG_OR_PATH)
  request_without_query,  // REQ_WITHOUT_QUERY(main?alternative)
  query_param,
  query_params,  // QUERY_PARAMS(ORIG|DECODED)
  request_headers_bytes,
  response_headers_bytes,
  response_trailers_bytes,
  grpc_status,
  grpc_status_number,
  unique_id,
  cause,  // OUTRIGGER_CAUSE: the one sentence of the outcome (ours)
};

// What of a TLS connection.
enum class LogTls : uint8_t {
  version,
  cipher,
  group,
  session_id,
  server_name,
  peer_subject,
  peer_issuer,
  peer_serial,
  peer_fingerprint_256,
  peer_fingerprint_1,
  peer_chain_fingerprints_256,
  peer_chain_fingerprints_1,
  peer_chain_serials,
  peer_issuer_fingerprint_256,
  peer_issuer_serial,
  peer_cert,
  peer_cert_v_start,  // by the format in `text`
  peer_cert_v_end,
  peer_uri_san,
  peer_dns_san,
  peer_ip_san,
  peer_email_san,
  peer_othername_san,
  local_subject,
  local_uri_san,
  local_dns_san,
  local_ip_san,
  local_email_san,
  local_othername_san,
  ja3,
  ja4,
};

// Whose metadata.
enum class LogMetadata : uint8_t {
  dynamic,
  cluster,
  route,
  upstream_host,
  listener,
  filter_chain,
  virtual_host,
};

struct LogCommand {
  LogField field = LogField::literal;
  std::string text;         // the literal, the header's name (lower case), the time format, ...
  std::string alternative;  // REQ(main?alternative)
  std::optional<uint32_t> max_length = {};
  bool upstream = false;  // tls, filter_state: of the upstream connection
  LogTls tls = LogTls::version;
  LogMetadata metadata = LogMetadata::dynamic;
  std::vector<std::string> path = {};         // metadata: the filter's name, then keys
  std::optional<uint8_t> prefix_length = {};  // addresses without port: as a range
  std::vector<LogCommand> operators = {};     // coalesce
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
