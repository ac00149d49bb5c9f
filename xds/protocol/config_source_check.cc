#include "xds/protocol/config_source_check.h"

#include <unistd.h>

#include <algorithm>

#include "fmt/format.h"

#include "xds/compile_values.h"
#include "xds/field_errors.h"

// `path` and V2 are deprecated, and still written.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::xds {
namespace {

using envoy::config::core::v3::ApiConfigSource;
using envoy::config::core::v3::ApiVersion;
using envoy::config::core::v3::ConfigSource;

constexpr std::chrono::milliseconds kFetchTimeout{15'000};

void check_api_type(const ApiConfigSource& source, FieldErrors& errors) {
  switch (source.api_type()) {
    case ApiConfigSource::GRPC:
    case ApiConfigSource::DELTA_GRPC:
      return;
    case ApiConfigSource::AGGREGATED_GRPC:
    case ApiConfigSource::AGGREGATED_DELTA_GRPC:
      errors.add("api_type",
                 fmt::format("unsupported config source {}: the aggregated stream is `ads`",
                             ApiConfigSource::ApiType_Name(source.api_type())));
      return;
    case ApiConfigSource::REST:
      errors.add("api_type", "REST is not supported by Outrigger: use GRPC or DELTA_GRPC");
      return;
    default:
      errors.add("api_type",
                 "REST_LEGACY is no longer a supported api_type: use GRPC or DELTA_GRPC");
  }
}

void check_path(const ConfigSource& source, FieldErrors& errors) {
  std::string path = path_of(source);
  if (access(path.c_str(), F_OK) == 0) return;
  errors.add(
      source.has_path_config_source() ? "path_config_source.path" : "path",
      fmt::format("paths must refer to an existing path in the system: '{}' does not exist", path));
}

}  // namespace

absl::Status check_api_config_source(const ApiConfigSource& source) {
  FieldErrors errors;
  check_api_type(source, errors);
  if (source.transport_api_version() == ApiVersion::V2)
    errors.add("transport_api_version", "V2 is no longer a supported version: use V3");
  if (!source.cluster_names().empty())
    errors.add("cluster_names", "must be empty for a gRPC config source: use grpc_services");
  if (source.grpc_services_size() != 1) {
    errors.add("grpc_services", fmt::format("must have exactly one gRPC service (has {})",
                                            source.grpc_services_size()));
  }
  if (source.rate_limit_settings().has_fill_rate() &&
      !(source.rate_limit_settings().fill_rate().value() > 0))
    errors.add("rate_limit_settings.fill_rate", "value must be greater than 0");
  return errors.status();
}

absl::Status check_config_source(const ConfigSource& source) {
  FieldErrors errors;
  if (source.resource_api_version() == ApiVersion::V2)
    errors.add("resource_api_version", "V2 is no longer a supported version: use V3");
  if (!source.authorities().empty())
    errors.add("authorities",
               "is not supported by Outrigger: xdstp:// names go to the source "
               "that names them");
  switch (source.config_source_specifier_case()) {
    case ConfigSource::kPath:
    case ConfigSource::kPathConfigSource:
      check_path(source, errors);
      break;
    case ConfigSource::kApiConfigSource:
      errors.add_nested("api_config_source", check_api_config_source(source.api_config_source()));
      break;
    case ConfigSource::kAds:
    case ConfigSource::kSelf:
      break;
    default:
      errors.add("", "missing config source specifier in envoy.config.core.v3.ConfigSource");
  }
  return errors.status();
}

std::optional<MultiplexerOptions::RateLimit> rate_limit_of(const ApiConfigSource& source) {
  if (!source.has_rate_limit_settings()) return std::nullopt;
  MultiplexerOptions::RateLimit limit;
  const auto& settings = source.rate_limit_settings();
  if (settings.has_max_tokens()) limit.max_tokens = settings.max_tokens().value();
  if (settings.has_fill_rate()) limit.fill_rate = settings.fill_rate().value();
  // Without a whole token nothing would ever be sent.
  limit.max_tokens = std::max(limit.max_tokens, 1.0);
  return limit;
}

std::string path_of(const ConfigSource& source) {
  return source.has_path_config_source() ? source.path_config_source().path() : source.path();
}

std::chrono::milliseconds fetch_timeout_of(const ConfigSource& source) {
  return source.has_initial_fetch_timeout() ? to_milliseconds(source.initial_fetch_timeout())
                                            : kFetchTimeout;
}

}  // namespace outrigger::xds
