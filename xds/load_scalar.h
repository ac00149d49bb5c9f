// One node as a scalar of protobuf's JSON mapping. Thread: any. An error says what was expected and
// what is there.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

#include "xds/document.h"

namespace outrigger::xds {

absl::Status expected(const char* what, const Node& node);

absl::StatusOr<bool> load_bool(const Node& node);
absl::StatusOr<int64_t> load_signed(const Node& node, int64_t min, int64_t max);
absl::StatusOr<uint64_t> load_unsigned(const Node& node, uint64_t max);
absl::StatusOr<double> load_double(const Node& node);
absl::StatusOr<std::string> load_string(const Node& node);
absl::StatusOr<std::string> load_bytes(const Node& node);  // from base64, either alphabet
absl::StatusOr<int> load_enum(const Node& node, const google::protobuf::EnumDescriptor& type);

// "1.5s"
absl::StatusOr<google::protobuf::Duration> load_duration(const Node& node);
absl::StatusOr<google::protobuf::Timestamp> load_timestamp(const Node& node);

}  // namespace outrigger::xds
