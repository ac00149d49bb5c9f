#include "xds/compile_http_options.h"

#include "envoy/extensions/http/header_formatters/preserve_case/v3/preserve_case.pb.h"

#include "xds/compile_matcher.h"
#include "xds/compile_values.h"
#include "xds/field_errors.h"

// Envoy's deprecated fields are in use everywhere, so they work here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::xds {
namespace {

using envoy::config::core::v3::Http1ProtocolOptions;
using envoy::config::core::v3::Http2ProtocolOptions;
using envoy::config::core::v3::HttpProtocolOptions;

http::UnderscoresAction underscores(HttpProtocolOptions::HeadersWithUnderscoresAction action) {
  switch (action) {
    case HttpProtocolOptions::REJECT_REQUEST:
      return http::UnderscoresAction::reject_request;
    case HttpProtocolOptions::DROP_HEADER:
      return http::UnderscoresAction::drop_header;
    default:
      return http::UnderscoresAction::allow;
  }
}

http::HeaderCase header_case(const Http1ProtocolOptions::HeaderKeyFormat& format,
                             FieldErrors& errors) {
  if (format.has_proper_case_words()) return http::HeaderCase::proper;
  using envoy::extensions::http::header_formatters::preserve_case::v3::PreserveCaseFormatterConfig;
  const auto& formatter = format.stateful_formatter().typed_config();
  if (is_type(formatter, PreserveCaseFormatterConfig::descriptor()->full_name()))
    return http::HeaderCase::preserve;
  errors.add("header_key_format.stateful_formatter.typed_config",
             "'" + formatter.type_url() + "' is not supported by Outrigger");
  return http::HeaderCase::lower;
}

template <class Wrapper, class Value>
void set_if(bool present, const Wrapper& wrapper, Value& value) {
  if (present) value = static_cast<Value>(wrapper.value());
}

// SETTINGS that have a field of their own are taken for it, unless the field says otherwise.
template <class Value>
void set_named(bool present, uint32_t value, const std::string& field, Value& out,
               FieldErrors& errors) {
  if (present && static_cast<uint32_t>(out) != value)
    errors.add(field, "contradicts the field for this setting");
  out = static_cast<Value>(value);
}

void compile_custom_settings(const Http2ProtocolOptions& options, http::Http2Options& out,
                             FieldErrors& errors) {
  for (int i = 0; i < options.custom_settings_parameters_size(); ++i) {
    const auto& setting = options.custom_settings_parameters(i);
    std::string field = indexed("custom_settings_parameters", i);
    uint32_t value = setting.value().value();
    switch (setting.identifier().value()) {
      case 1:
        set_named(options.has_hpack_table_size(), value, field, out.hpack_table_size, errors);
        break;
      case 2:
        if (value != 0) errors.add(field, "ENABLE_PUSH cannot be set: there is no server push");
        break;
      case 3:
        set_named(options.has_max_concurrent_streams(), value, field, out.max_concurrent_streams,
                  errors);
        break;
      case 4:
        set_named(options.has_initial_stream_window_size(), value, field,
                  out.initial_stream_window_size, errors);
        break;
      case 8:
        set_named(options.allow_connect(), value, field, out.allow_connect, errors);
        break;
      default:
        out.custom_settings.emplace_back(static_cast<uint16_t>(setting.identifier().value()),
                                         value);
    }
  }
}

void compile_ignored_upgrades(const Http1ProtocolOptions& options, http::Http1Options& out,
                              FieldErrors& errors) {
  for (int i = 0; i < options.ignore_http_11_upgrade_size(); ++i) {
    out.ignored_upgrades.push_back(
        errors.take_nested(indexed("ignore_http_11_upgrade", i),
                           compile_string_matcher(options.ignore_http_11_upgrade(i))));
  }
}

void compile_keepalive(const envoy::config::core::v3::KeepaliveSettings& settings,
                       http::Http2Options& out) {
  if (settings.has_interval()) out.ping_interval = to_milliseconds(settings.interval());
  out.ping_timeout = to_milliseconds(settings.timeout());
  if (settings.has_interval_jitter())
    out.ping_jitter_percent = static_cast<uint32_t>(settings.interval_jitter().value());
}

}  // namespace

http::HeadLimits compile_head_limits(const HttpProtocolOptions& options, uint32_t kilobytes) {
  http::HeadLimits out;
  if (kilobytes != 0) out.max_bytes = kilobytes * 1024;
  set_if(options.has_max_headers_count(), options.max_headers_count(), out.max_fields);
  out.underscores = underscores(options.headers_with_underscores_action());
  return out;
}

absl::StatusOr<http::Http1Options> compile_http1_options(const Http1ProtocolOptions& options,
                                                         const http::HeadLimits& limits,
                                                         bool stream_error) {
  FieldErrors errors;
  http::Http1Options out;
  out.limits = limits;
  set_if(options.has_allow_absolute_url(), options.allow_absolute_url(), out.allow_absolute_url);
  out.accept_http_10 = options.accept_http_10();
  out.default_host_for_http_10 = options.default_host_for_http_10();
  out.enable_trailers = options.enable_trailers();
  out.allow_chunked_length = options.allow_chunked_length();
  out.override_stream_error_on_invalid_http_message = stream_error;
  set_if(options.has_override_stream_error_on_invalid_http_message(),
         options.override_stream_error_on_invalid_http_message(),
         out.override_stream_error_on_invalid_http_message);
  out.send_fully_qualified_url = options.send_fully_qualified_url();
  if (options.has_header_key_format())
    out.header_case = header_case(options.header_key_format(), errors);
  compile_ignored_upgrades(options, out, errors);
  if (!errors.empty()) return errors.status();
  return out;
}

absl::StatusOr<http::Http2Options> compile_http2_options(const Http2ProtocolOptions& options,
                                                         const http::HeadLimits& limits,
                                                         bool stream_error) {
  http::Http2Options out;
  out.limits = limits;
#define OUTRIGGER_TAKE(field) set_if(options.has_##field(), options.field(), out.field)
  OUTRIGGER_TAKE(hpack_table_size);
  OUTRIGGER_TAKE(max_concurrent_streams);
  OUTRIGGER_TAKE(initial_stream_window_size);
  OUTRIGGER_TAKE(initial_connection_window_size);
  OUTRIGGER_TAKE(max_outbound_frames);
  OUTRIGGER_TAKE(max_outbound_control_frames);
  OUTRIGGER_TAKE(max_consecutive_inbound_frames_with_empty_payload);
  OUTRIGGER_TAKE(max_inbound_priority_frames_per_stream);
  OUTRIGGER_TAKE(max_inbound_window_update_frames_per_data_frame_sent);
#undef OUTRIGGER_TAKE
  out.allow_connect = options.allow_connect();
  out.allow_metadata = options.allow_metadata();
  out.override_stream_error_on_invalid_http_message =
      stream_error || options.stream_error_on_invalid_http_messaging();
  set_if(options.has_override_stream_error_on_invalid_http_message(),
         options.override_stream_error_on_invalid_http_message(),
         out.override_stream_error_on_invalid_http_message);
  if (options.has_connection_keepalive()) compile_keepalive(options.connection_keepalive(), out);
  FieldErrors errors;
  compile_custom_settings(options, out, errors);
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace outrigger::xds
