// Compiles access logs and their filters. Thread: main. Errors open with the field's path.
// Semantics: envoy.config.accesslog.v3, envoy.extensions.access_loggers.{file,stream}.v3.
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/repeated_field.h"

#include "envoy/config/accesslog/v3/accesslog.pb.h"
#include "envoy/config/core/v3/substitution_format_string.pb.h"

#include "api/config/access_log.h"

namespace outrigger::xds {

using AccessLogMessages =
    google::protobuf::RepeatedPtrField<envoy::config::accesslog::v3::AccessLog>;

// `field` names the list in errors: "access_log[1].typed_config.log_format: ...".
absl::StatusOr<std::vector<config::AccessLog>> compile_access_logs(
    const AccessLogMessages& logs, std::string_view field = "access_log");

absl::StatusOr<config::AccessLog> compile_access_log(
    const envoy::config::accesslog::v3::AccessLog& log);

absl::StatusOr<config::AccessLogFilter> compile_access_log_filter(
    const envoy::config::accesslog::v3::AccessLogFilter& filter);

absl::StatusOr<config::LogFormat> compile_log_format(
    const envoy::config::core::v3::SubstitutionFormatString& format);
// What Envoy writes where no format is configured.
config::LogFormat default_log_format_compiled();

}  // namespace outrigger::xds
