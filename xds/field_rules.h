// The rules of one field of a message: presence, numbers of elements, and each value. Thread: any.
// Lifetime: the call.
#pragma once

#include "absl/functional/function_ref.h"
#include "google/protobuf/message.h"

#include "xds/path.h"
#include "xds/schema.h"

namespace outrigger::xds {

using ReportProblem = absl::FunctionRef<void(const Path& path, const std::string& text)>;

// Does not descend into messages.
void check_field_rules(const google::protobuf::Message& message,
                       const google::protobuf::FieldDescriptor& field,
                       const validate::FieldRules& rules, Schema& schema, const Path& path,
                       ReportProblem report);

}  // namespace outrigger::xds
