#include "xds/compile_metadata.h"

#include <string>
#include <utility>

#include "xds/compile_matcher.h"
#include "xds/field_errors.h"

namespace outrigger::xds {
namespace {

using envoy::type::matcher::v3::DoubleMatcher;
using ValueMessage = envoy::type::matcher::v3::ValueMatcher;
using Kind = config::ValueMatcher::Kind;

void compile_number(const DoubleMatcher& message, config::ValueMatcher& out) {
  if (message.match_pattern_case() == DoubleMatcher::kRange) {
    out.kind = Kind::number_range;
    out.low = message.range().start();
    out.high = message.range().end();
  } else {
    out.kind = Kind::number;
    out.low = message.exact();
  }
}

void compile_alternatives(const ValueMessage& message, config::ValueMatcher& out,
                          FieldErrors& errors) {
  out.kind = Kind::any_of;
  for (int i = 0; i < message.or_match().value_matchers_size(); ++i) {
    out.children.push_back(
        errors.take_nested(indexed("or_match.value_matchers", i),
                           compile_value_matcher(message.or_match().value_matchers(i))));
  }
}

}  // namespace

MetadataValue compile_value(const google::protobuf::Value& message) {
  using google::protobuf::Value;
  switch (message.kind_case()) {
    case Value::kBoolValue:
      return MetadataValue(message.bool_value());
    case Value::kNumberValue:
      return MetadataValue(message.number_value());
    case Value::kStringValue:
      return MetadataValue(message.string_value());
    case Value::kStructValue:
      return MetadataValue(compile_struct(message.struct_value()));
    case Value::kListValue: {
      MetadataList list;
      for (const Value& element : message.list_value().values())
        list.push_back(compile_value(element));
      return MetadataValue(std::move(list));
    }
    default:
      return MetadataValue();
  }
}

MetadataStruct compile_struct(const google::protobuf::Struct& message) {
  MetadataStruct out;
  for (const auto& [key, value] : message.fields()) out[key] = compile_value(value);
  return out;
}

Metadata compile_metadata(const envoy::config::core::v3::Metadata& message) {
  Metadata out;
  for (const auto& [filter, fields] : message.filter_metadata())
    out.of(filter) = compile_struct(fields);
  return out;
}

absl::StatusOr<config::ValueMatcher> compile_value_matcher(const ValueMessage& message) {
  FieldErrors errors;
  config::ValueMatcher out;
  switch (message.match_pattern_case()) {
    case ValueMessage::kDoubleMatch:
      compile_number(message.double_match(), out);
      break;
    case ValueMessage::kStringMatch:
      out.kind = Kind::string;
      out.string_match =
          errors.take_nested("string_match", compile_string_matcher(message.string_match()));
      break;
    case ValueMessage::kBoolMatch:
      out.kind = Kind::boolean;
      out.flag = message.bool_match();
      break;
    case ValueMessage::kPresentMatch:
      out.kind = Kind::present;
      out.flag = message.present_match();
      break;
    case ValueMessage::kListMatch:
      out.kind = Kind::list_of;
      out.children.push_back(errors.take_nested(
          "list_match.one_of", compile_value_matcher(message.list_match().one_of())));
      break;
    case ValueMessage::kOrMatch:
      compile_alternatives(message, out, errors);
      break;
    default:
      out.kind = Kind::null;
      break;
  }
  if (!errors.empty()) return errors.status();
  return out;
}

absl::StatusOr<config::MetadataMatcher> compile_metadata_matcher(
    const envoy::type::matcher::v3::MetadataMatcher& message) {
  FieldErrors errors;
  config::MetadataMatcher out;
  out.filter = message.filter();
  for (const auto& segment : message.path()) out.path.push_back(segment.key());
  out.value = errors.take_nested("value", compile_value_matcher(message.value()));
  out.invert = message.invert();
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace outrigger::xds
