// What can be said of a config source before anybody subscribes: its kind, its versions, its
// fields. Thread: any. Errors open with the field's path inside the source.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "envoy/config/core/v3/config_source.pb.h"

#include "xds/protocol/multiplexer.h"

namespace outrigger::xds {

absl::Status check_config_source(const envoy::config::core::v3::ConfigSource& source);
// Of dynamic_resources.ads_config as well.
absl::Status check_api_config_source(const envoy::config::core::v3::ApiConfigSource& source);

inline bool is_delta(const envoy::config::core::v3::ApiConfigSource& source) {
  return source.api_type() == envoy::config::core::v3::ApiConfigSource::DELTA_GRPC;
}
std::optional<MultiplexerOptions::RateLimit> rate_limit_of(
    const envoy::config::core::v3::ApiConfigSource& source);
// The file's path; empty: the source is no file.
std::string path_of(const envoy::config::core::v3::ConfigSource& source);
// 0: none.
std::chrono::milliseconds fetch_timeout_of(const envoy::config::core::v3::ConfigSource& source);

}  // namespace outrigger::xds
