#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "xds/compile_substitution.h"
#include "xds/field_errors.h"

namespace outrigger::xds {
namespace {

using config::JsonFormat;
using google::protobuf::Struct;
using google::protobuf::Value;

// A format nests as deep as a person writes; the evaluator recurses once per level.
constexpr int kMaxDepth = 32;

JsonFormat::Object compile_object(const Struct& object, const std::string& path, int depth,
                                  const Formatters& formatters, FieldErrors& errors);

std::string number_text(double number) {
  // Whole numbers that a double holds exactly are written without a fraction.
  if (std::trunc(number) == number && std::fabs(number) < 9007199254740992.0) {
    return fmt::format("{}", static_cast<int64_t>(number));
  }
  return fmt::format("{}", number);
}

JsonFormat compile_value(const Value& value, const std::string& path, int depth,
                         const Formatters& formatters, FieldErrors& errors) {
  JsonFormat out;
  if (depth > kMaxDepth) {
    errors.add(path, fmt::format("is nested more than {} levels deep", kMaxDepth));
    return out;
  }
  switch (value.kind_case()) {
    case Value::kStringValue:
      out.value = errors.take(path, compile_substitution(value.string_value(), formatters));
      break;
    case Value::kStructValue:
      out.value = compile_object(value.struct_value(), path + ".", depth, formatters, errors);
      break;
    case Value::kListValue: {
      JsonFormat::List list;
      for (int i = 0; i < value.list_value().values_size(); ++i) {
        list.push_back(compile_value(value.list_value().values(i), indexed(path, i), depth + 1,
                                     formatters, errors));
      }
      out.value = std::move(list);
      break;
    }
    case Value::kNumberValue:
      if (!std::isfinite(value.number_value())) errors.add(path, "is not a finite number");
      out.value = JsonFormat::Constant{number_text(value.number_value())};
      break;
    case Value::kBoolValue:
      out.value = JsonFormat::Constant{value.bool_value() ? "true" : "false"};
      break;
    default:
      out.value = JsonFormat::Constant{"null"};
  }
  return out;
}

JsonFormat::Object compile_object(const Struct& object, const std::string& path, int depth,
                                  const Formatters& formatters, FieldErrors& errors) {
  // The message keeps no order of its keys: sorted, as Envoy writes them.
  std::vector<std::pair<std::string_view, const Value*>> sorted;
  for (const auto& [key, value] : object.fields()) sorted.emplace_back(key, &value);
  std::ranges::sort(sorted, {}, [](const auto& field) { return field.first; });

  JsonFormat::Object out;
  for (const auto& [key, value] : sorted) {
    out.emplace_back(std::string(key),
                     compile_value(*value, path + std::string(key), depth + 1, formatters, errors));
  }
  return out;
}

}  // namespace

absl::StatusOr<JsonFormat> compile_json_format(const Struct& format, const Formatters& formatters) {
  FieldErrors errors;
  JsonFormat out;
  out.value = compile_object(format, "", 0, formatters, errors);
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace outrigger::xds
