// What a google.protobuf.Any holds. A TypedStruct (udpa.type.v1, xds.type.v3) is unwrapped: it
// names a type and has its content as a Struct, read by the JSON mapping of protobuf. Thread: any.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/message.h"

namespace outrigger::xds {

bool is_typed_struct(std::string_view type_url);

// The full name of the type, of a TypedStruct's content; empty: none is named.
std::string packed_type(const google::protobuf::Any& any);

// Errors: a type that is not known, octets or fields that are not its own.
absl::StatusOr<std::unique_ptr<google::protobuf::Message>> unpack_any(
    const google::protobuf::Any& any);

}  // namespace outrigger::xds
