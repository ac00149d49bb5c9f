// Compiles header additions and removals. Thread: main.
// Errors open with the path of the field inside the message: "header.value: ...".
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "google/protobuf/repeated_field.h"

#include "envoy/config/common/mutation_rules/v3/mutation_rules.pb.h"
#include "envoy/config/core/v3/base.pb.h"

#include "api/config/header_mutation.h"
#include "api/config/route.h"

namespace outrigger::xds {

absl::StatusOr<config::HeaderAddition> compile_header_addition(
    const envoy::config::core::v3::HeaderValueOption& option);

// One of an ordered list of changes.
absl::StatusOr<config::HeaderStep> compile_header_step(
    const envoy::config::common::mutation_rules::v3::HeaderMutation& mutation);

// `adds_field` and `removes_field` name the fields in errors:
// "request_headers_to_add[1].header.key: ...".
absl::StatusOr<config::HeaderMutations> compile_header_mutations(
    const google::protobuf::RepeatedPtrField<envoy::config::core::v3::HeaderValueOption>& adds,
    const google::protobuf::RepeatedPtrField<std::string>& removes,
    std::string_view adds_field = "request_headers_to_add",
    std::string_view removes_field = "request_headers_to_remove");

}  // namespace outrigger::xds
