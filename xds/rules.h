// One value against the rules of validate/validate.proto. Thread: any. Lifetime: the call.
// A broken rule is told as "value must be greater than 0 (is -1)".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

#include "validate/validate.pb.h"

#include "xds/schema.h"

namespace outrigger::xds {

// What is wrong, or nothing.
using Broken = std::optional<std::string>;

Broken check_float(const validate::FloatRules& rules, float value);
Broken check_double(const validate::DoubleRules& rules, double value);
// Any of the rule types of 32-bit integers (int32, sint32, sfixed32), by the one that is set.
Broken check_int32(const validate::FieldRules& rules, int32_t value);
Broken check_int64(const validate::FieldRules& rules, int64_t value);
Broken check_uint32(const validate::FieldRules& rules, uint32_t value);
Broken check_uint64(const validate::FieldRules& rules, uint64_t value);
Broken check_bool(const validate::BoolRules& rules, bool value);
Broken check_enum(const validate::EnumRules& rules, int value,
                  const google::protobuf::EnumDescriptor& type);
Broken check_string(const validate::StringRules& rules, const std::string& value, Schema& schema);
Broken check_bytes(const validate::BytesRules& rules, const std::string& value, Schema& schema);
Broken check_duration(const validate::DurationRules& rules,
                      const google::protobuf::Duration& value);
Broken check_timestamp(const validate::TimestampRules& rules,
                       const google::protobuf::Timestamp& value);

}  // namespace outrigger::xds
