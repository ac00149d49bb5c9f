// Small messages that many parts share: durations, addresses, data sources. Thread: main.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "google/protobuf/duration.pb.h"

#include "envoy/config/core/v3/address.pb.h"
#include "envoy/config/core/v3/base.pb.h"

#include "api/net/address.h"

namespace outrigger::xds {

// Whole milliseconds; what is above zero stays above zero.
std::chrono::milliseconds to_milliseconds(const google::protobuf::Duration& duration);

// An IP address or a Unix path; names and other kinds are errors, which open with the field's path.
absl::StatusOr<net::Address> compile_address(const envoy::config::core::v3::Address& address);

// The content: of a file, of the environment, or as it is.
absl::StatusOr<std::string> read_data_source(const envoy::config::core::v3::DataSource& source);

// Is the extension's message of this type (full name)?
bool is_type(const google::protobuf::Any& any, std::string_view type);

}  // namespace outrigger::xds
