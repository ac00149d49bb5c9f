#include "xds/compile_access_log.h"

#include <memory>
#include <string>
#include <utility>

#include "fmt/format.h"

#include "envoy/extensions/access_loggers/file/v3/file.pb.h"
#include "envoy/extensions/access_loggers/stream/v3/stream.pb.h"
#include "envoy/extensions/formatter/metadata/v3/metadata.pb.h"
#include "envoy/extensions/formatter/req_without_query/v3/req_without_query.pb.h"

#include "xds/compile_substitution.h"
#include "xds/compile_values.h"
#include "xds/field_errors.h"
#include "xds/fields.h"
#include "xds/unpack_any.h"

// Envoy's deprecated fields are in use everywhere, so they work here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::xds {
namespace {

using envoy::config::accesslog::v3::AccessLog;
using envoy::config::core::v3::SubstitutionFormatString;
using envoy::extensions::access_loggers::file::v3::FileAccessLog;
using envoy::extensions::formatter::req_without_query::v3::ReqWithoutQuery;
using MetadataFormatter = envoy::extensions::formatter::metadata::v3::Metadata;
using envoy::extensions::access_loggers::stream::v3::StderrAccessLog;
using envoy::extensions::access_loggers::stream::v3::StdoutAccessLog;

config::LogFormat text_format(std::string_view field, const std::string& text, FieldErrors& errors,
                              const Formatters& formatters = {}) {
  config::LogFormat out;
  out.format = errors.take(field, compile_substitution(text, formatters));
  return out;
}

config::LogFormat json_format(std::string_view field, const google::protobuf::Struct& json,
                              FieldErrors& errors, const Formatters& formatters = {}) {
  config::LogFormat out;
  out.format = errors.take_nested(field, compile_json_format(json, formatters));
  return out;
}

// METADATA needs none of its own any more, and says nothing beyond its type.
Formatters compile_formatters(const SubstitutionFormatString& format, FieldErrors& errors) {
  Formatters out;
  for (int i = 0; i < format.formatters_size(); ++i) {
    const auto& extension = format.formatters(i);
    if (is_type(extension.typed_config(), ReqWithoutQuery::descriptor()->full_name())) {
      out.req_without_query = true;
    } else if (!is_type(extension.typed_config(), MetadataFormatter::descriptor()->full_name())) {
      errors.add(indexed("formatters", i) + ".typed_config",
                 fmt::format("formatter '{}' of type '{}' is not supported by Outrigger",
                             extension.name(), extension.typed_config().type_url()));
    }
  }
  return out;
}

void compile_file(const FileAccessLog& file, config::AccessLog& out, FieldErrors& errors) {
  out.path = file.path();
  switch (file.access_log_format_case()) {
    case FileAccessLog::kFormat:
      // An empty format means the default one.
      out.format = file.format().empty() ? default_log_format_compiled()
                                         : text_format("format", file.format(), errors);
      break;
    case FileAccessLog::kJsonFormat:
      out.format = json_format("json_format", file.json_format(), errors);
      break;
    case FileAccessLog::kTypedJsonFormat:
      out.format = json_format("typed_json_format", file.typed_json_format(), errors);
      break;
    case FileAccessLog::kLogFormat:
      out.format = errors.take_nested("log_format", compile_log_format(file.log_format()));
      break;
    case FileAccessLog::ACCESS_LOG_FORMAT_NOT_SET:
      out.format = default_log_format_compiled();
      break;
  }
}

template <class StreamLog>
void compile_stream(const StreamLog& stream, const char* path, config::AccessLog& out,
                    FieldErrors& errors) {
  out.path = path;
  out.format = stream.has_log_format()
                   ? errors.take_nested("log_format", compile_log_format(stream.log_format()))
                   : default_log_format_compiled();
}

template <class Message>
bool unpack(const google::protobuf::Any& any, Message& message) {
  return is_type(any, Message::descriptor()->full_name()) && any.UnpackTo(&message);
}

void compile_logger(const AccessLog& log, config::AccessLog& out, FieldErrors& errors) {
  FileAccessLog file;
  StdoutAccessLog to_stdout;
  StderrAccessLog to_stderr;
  FieldErrors inner;
  if (unpack(log.typed_config(), file)) {
    compile_file(file, out, inner);
  } else if (unpack(log.typed_config(), to_stdout)) {
    compile_stream(to_stdout, "/dev/stdout", out, inner);
  } else if (unpack(log.typed_config(), to_stderr)) {
    compile_stream(to_stderr, "/dev/stderr", out, inner);
  } else if (!log.has_typed_config()) {
    inner.add(
        "", fmt::format("value is required: access logger '{}' has no configuration", log.name()));
  } else {
    inner.add("", fmt::format("access logger '{}' of type '{}' is not supported by Outrigger",
                              log.name(), log.typed_config().type_url()));
  }
  errors.add_nested("typed_config", inner.status());
}

}  // namespace

absl::StatusOr<config::AccessLog> compile_access_log(const AccessLog& log) {
  FieldErrors errors;
  config::AccessLog out;
  compile_logger(log, out, errors);
  if (log.has_filter()) {
    out.filter = std::make_shared<const config::AccessLogFilter>(
        errors.take_nested("filter", compile_access_log_filter(log.filter())));
  }
  if (!errors.empty()) return errors.status();
  return out;
}

config::LogFormat default_log_format_compiled() {
  config::LogFormat out;
  out.format = *compile_substitution(default_log_format());
  return out;
}

absl::StatusOr<config::LogFormat> compile_log_format(const SubstitutionFormatString& format) {
  FieldErrors errors;
  config::LogFormat out;
  Formatters formatters = compile_formatters(format, errors);
  switch (format.format_case()) {
    case SubstitutionFormatString::kTextFormat:
      out = text_format("text_format", format.text_format(), errors, formatters);
      break;
    case SubstitutionFormatString::kTextFormatSource: {
      std::string text =
          errors.take_nested("text_format_source", read_data_source(format.text_format_source()));
      out = text_format("text_format_source", text, errors, formatters);
      break;
    }
    case SubstitutionFormatString::kJsonFormat:
      out = json_format("json_format", format.json_format(), errors, formatters);
      break;
    case SubstitutionFormatString::FORMAT_NOT_SET:
      errors.add("", "one of the fields of 'format' must be set");
      break;
  }
  out.omit_empty_values = format.omit_empty_values();
  out.content_type = format.content_type();
  if (!errors.empty()) return errors.status();
  return out;
}

absl::StatusOr<std::vector<config::AccessLog>> compile_access_logs(const AccessLogMessages& logs,
                                                                   std::string_view field) {
  FieldErrors errors;
  std::vector<config::AccessLog> out;
  for (int i = 0; i < logs.size(); ++i) {
    if (find_no_effect(packed_type(logs.Get(i).typed_config())) != nullptr) continue;
    out.push_back(errors.take_nested(indexed(field, i), compile_access_log(logs.Get(i))));
  }
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace outrigger::xds
