#include "xds/field_rules.h"

#include <algorithm>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_join.h"
#include "fmt/format.h"
#include "google/protobuf/any.pb.h"

#include "xds/rules.h"

namespace outrigger::xds {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using validate::FieldRules;

// A singular field, or one element of a repeated one.
class FieldValue {
 public:
  FieldValue(const Message& message, const FieldDescriptor& field, int index = -1)
      : message_(message), field_(field), index_(index) {}

  Broken check(const FieldRules& rules, Schema& schema) const;
  // For telling equal elements.
  std::string key() const;

 private:
  Broken check_message(const FieldRules& rules, Schema& schema) const;

  template <class T>
  T get(T (google::protobuf::Reflection::*singular)(const Message&, const FieldDescriptor*) const,
        T (google::protobuf::Reflection::*element)(const Message&, const FieldDescriptor*, int)
            const) const {
    const auto& reflection = *message_.GetReflection();
    return index_ < 0 ? (reflection.*singular)(message_, &field_)
                      : (reflection.*element)(message_, &field_, index_);
  }
  using R = google::protobuf::Reflection;
  bool as_bool() const { return get(&R::GetBool, &R::GetRepeatedBool); }
  int32_t as_int32() const { return get(&R::GetInt32, &R::GetRepeatedInt32); }
  int64_t as_int64() const { return get(&R::GetInt64, &R::GetRepeatedInt64); }
  uint32_t as_uint32() const { return get(&R::GetUInt32, &R::GetRepeatedUInt32); }
  uint64_t as_uint64() const { return get(&R::GetUInt64, &R::GetRepeatedUInt64); }
  float as_float() const { return get(&R::GetFloat, &R::GetRepeatedFloat); }
  double as_double() const { return get(&R::GetDouble, &R::GetRepeatedDouble); }
  int as_enum() const { return get(&R::GetEnumValue, &R::GetRepeatedEnumValue); }
  const Message& as_message() const {
    const auto& reflection = *message_.GetReflection();
    return index_ < 0 ? reflection.GetMessage(message_, &field_)
                      : reflection.GetRepeatedMessage(message_, &field_, index_);
  }
  const std::string& text(std::string& scratch) const {
    const auto& reflection = *message_.GetReflection();
    return index_ < 0 ? reflection.GetStringReference(message_, &field_, &scratch)
                      : reflection.GetRepeatedStringReference(message_, &field_, index_, &scratch);
  }

  const Message& message_;
  const FieldDescriptor& field_;
  int index_;
};

Broken FieldValue::check(const FieldRules& rules, Schema& schema) const {
  std::string scratch;
  switch (field_.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return check_bool(rules.bool_(), as_bool());
    case FieldDescriptor::CPPTYPE_INT32:
      return check_int32(rules, as_int32());
    case FieldDescriptor::CPPTYPE_INT64:
      return check_int64(rules, as_int64());
    case FieldDescriptor::CPPTYPE_UINT32:
      return check_uint32(rules, as_uint32());
    case FieldDescriptor::CPPTYPE_UINT64:
      return check_uint64(rules, as_uint64());
    case FieldDescriptor::CPPTYPE_FLOAT:
      return check_float(rules.float_(), as_float());
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return check_double(rules.double_(), as_double());
    case FieldDescriptor::CPPTYPE_ENUM:
      return check_enum(rules.enum_(), as_enum(), *field_.enum_type());
    case FieldDescriptor::CPPTYPE_STRING:
      if (field_.type() == FieldDescriptor::TYPE_BYTES)
        return check_bytes(rules.bytes(), text(scratch), schema);
      return check_string(rules.string(), text(scratch), schema);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return check_message(rules, schema);
  }
  return std::nullopt;
}

Broken check_any(const validate::AnyRules& rules, const google::protobuf::Any& any) {
  auto listed = [&any](const auto& list) {
    return std::find(list.begin(), list.end(), any.type_url()) != list.end();
  };
  if (rules.in_size() > 0 && !listed(rules.in()))
    return fmt::format("type must be one of {}", absl::StrJoin(rules.in(), ", "));
  if (listed(rules.not_in())) return fmt::format("type must not be {}", any.type_url());
  return std::nullopt;
}

Broken FieldValue::check_message(const FieldRules& rules, Schema& schema) const {
  const Message& value = as_message();
  switch (value.GetDescriptor()->well_known_type()) {
    case Descriptor::WELLKNOWNTYPE_DURATION:
      return check_duration(rules.duration(),
                            static_cast<const google::protobuf::Duration&>(value));
    case Descriptor::WELLKNOWNTYPE_TIMESTAMP:
      return check_timestamp(rules.timestamp(),
                             static_cast<const google::protobuf::Timestamp&>(value));
    case Descriptor::WELLKNOWNTYPE_ANY:
      return check_any(rules.any(), static_cast<const google::protobuf::Any&>(value));
    case Descriptor::WELLKNOWNTYPE_UNSPECIFIED:
    case Descriptor::WELLKNOWNTYPE_FIELDMASK:
    case Descriptor::WELLKNOWNTYPE_VALUE:
    case Descriptor::WELLKNOWNTYPE_LISTVALUE:
    case Descriptor::WELLKNOWNTYPE_STRUCT:
      return std::nullopt;
    default:  // wrappers: the rules are of the value inside
      return FieldValue(value, *value.GetDescriptor()->field(0)).check(rules, schema);
  }
}

std::string FieldValue::key() const {
  std::string scratch;
  switch (field_.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return std::to_string(static_cast<int>(as_bool()));
    case FieldDescriptor::CPPTYPE_INT32:
      return std::to_string(as_int32());
    case FieldDescriptor::CPPTYPE_INT64:
      return std::to_string(as_int64());
    case FieldDescriptor::CPPTYPE_UINT32:
      return std::to_string(as_uint32());
    case FieldDescriptor::CPPTYPE_UINT64:
      return std::to_string(as_uint64());
    case FieldDescriptor::CPPTYPE_FLOAT:
      return fmt::format("{}", as_float());
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return fmt::format("{}", as_double());
    case FieldDescriptor::CPPTYPE_ENUM:
      return std::to_string(as_enum());
    case FieldDescriptor::CPPTYPE_STRING:
      return text(scratch);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return as_message().SerializeAsString();
  }
  return "";
}

Broken check_count(uint64_t count, bool has_min, uint64_t min, bool has_max, uint64_t max,
                   const char* what) {
  if (has_min && count < min)
    return fmt::format("value must contain at least {} {} (has {})", min, what, count);
  if (has_max && count > max)
    return fmt::format("value must contain no more than {} {} (has {})", max, what, count);
  return std::nullopt;
}

void check_map(const Message& message, const FieldDescriptor& field,
               const validate::MapRules& rules, Schema& schema, const Path& path,
               ReportProblem report) {
  const auto& reflection = *message.GetReflection();
  int count = reflection.FieldSize(message, &field);
  if (rules.ignore_empty() && count == 0) return;
  Broken broken = check_count(static_cast<uint64_t>(count), rules.has_min_pairs(),
                              rules.min_pairs(), rules.has_max_pairs(), rules.max_pairs(), "pairs");
  if (broken) report(path, *broken);
  for (int i = 0; i < count; ++i) {
    const Message& entry = reflection.GetRepeatedMessage(message, &field, i);
    FieldValue key(entry, *field.message_type()->map_key());
    FieldValue value(entry, *field.message_type()->map_value());
    std::string name = key.key();
    if (rules.has_keys()) {
      if (Broken wrong = key.check(rules.keys(), schema))
        report(Path::key(path, name), "key: " + *wrong);
    }
    if (rules.has_values()) {
      if (Broken wrong = value.check(rules.values(), schema)) report(Path::key(path, name), *wrong);
    }
  }
}

void check_repeated(const Message& message, const FieldDescriptor& field,
                    const validate::RepeatedRules& rules, Schema& schema, const Path& path,
                    ReportProblem report) {
  int count = message.GetReflection()->FieldSize(message, &field);
  if (rules.ignore_empty() && count == 0) return;
  Broken broken = check_count(static_cast<uint64_t>(count), rules.has_min_items(),
                              rules.min_items(), rules.has_max_items(), rules.max_items(), "items");
  if (broken) report(path, *broken);
  absl::flat_hash_set<std::string> seen;
  for (int i = 0; i < count; ++i) {
    FieldValue item(message, field, i);
    if (rules.unique() && !seen.insert(item.key()).second)
      report(Path::element(path, i), "repeated value must be unique");
    if (!rules.has_items()) continue;
    if (Broken wrong = item.check(rules.items(), schema)) report(Path::element(path, i), *wrong);
  }
}

bool is_required(const FieldRules& rules) {
  return rules.message().required() || rules.any().required() || rules.duration().required() ||
         rules.timestamp().required();
}

}  // namespace

void check_field_rules(const Message& message, const FieldDescriptor& field,
                       const FieldRules& rules, Schema& schema, const Path& path,
                       ReportProblem report) {
  if (field.is_map()) return check_map(message, field, rules.map(), schema, path, report);
  if (field.is_repeated())
    return check_repeated(message, field, rules.repeated(), schema, path, report);
  if (field.has_presence() && !message.GetReflection()->HasField(message, &field)) {
    if (is_required(rules)) report(path, "value is required");
    return;
  }
  if (Broken broken = FieldValue(message, field).check(rules, schema)) report(path, *broken);
}

}  // namespace outrigger::xds
