// Compiles metadata and the conditions on it. Thread: main. Errors open with the path of the field
// inside the message. Semantics: envoy.config.core.v3.Metadata (filter_metadata),
// envoy.type.matcher.v3.MetadataMatcher.
#pragma once

#include "absl/status/statusor.h"
#include "google/protobuf/struct.pb.h"

#include "envoy/config/core/v3/base.pb.h"
#include "envoy/type/matcher/v3/metadata.pb.h"
#include "envoy/type/matcher/v3/value.pb.h"

#include "api/config/metadata_matcher.h"
#include "api/metadata.h"

namespace outrigger::xds {

MetadataStruct compile_struct(const google::protobuf::Struct& message);
MetadataValue compile_value(const google::protobuf::Value& message);
Metadata compile_metadata(const envoy::config::core::v3::Metadata& message);

absl::StatusOr<config::ValueMatcher> compile_value_matcher(
    const envoy::type::matcher::v3::ValueMatcher& message);
absl::StatusOr<config::MetadataMatcher> compile_metadata_matcher(
    const envoy::type::matcher::v3::MetadataMatcher& message);

}  // namespace outrigger::xds
