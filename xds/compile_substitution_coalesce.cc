// COALESCE: commands in JSON, of which the first that has a value is shown.
#include <cmath>
#include <cstdint>
#include <string>

#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include <fmt/format.h>

#include "xds/compile_substitution_commands.h"

namespace outrigger::xds {
namespace {

using config::LogCommand;
using google::protobuf::Struct;
using google::protobuf::Value;

absl::Status error(const std::string& text) {
  return absl::InvalidArgumentError("command %COALESCE%: " + text);
}

const Value* member(const Struct& object, const char* name) {
  auto found = object.fields().find(name);
  return found == object.fields().end() ? nullptr : &found->second;
}

absl::Status set_length(const Value& value, LogCommand& out) {
  double length = value.number_value();
  if (value.kind_case() != Value::kNumberValue || length < 0 || length > UINT32_MAX ||
      std::trunc(length) != length) {
    return error("max_length is not a length");
  }
  out.max_length = static_cast<uint32_t>(length);
  return absl::OkStatus();
}

absl::StatusOr<LogCommand> compile_operator(const Value& value) {
  const Struct& object = value.struct_value();
  const Value* name = value.kind_case() == Value::kStructValue ? member(object, "command") : &value;
  if (name == nullptr || name->kind_case() != Value::kStringValue)
    return error("an operator is neither a command's name nor an object with a 'command'");
  const Value* param = name == &value ? nullptr : member(object, "param");
  const Value* length = name == &value ? nullptr : member(object, "max_length");
  if (param != nullptr && param->kind_case() != Value::kStringValue)
    return error("param is not text");
  if (name->string_value() == "COALESCE") return error("an operator may not be COALESCE itself");
  CommandText text;
  text.name = name->string_value();
  if (param != nullptr) text.parameters = param->string_value();
  text.has_length = length != nullptr;
  auto out = compile_command(text);
  if (!out.ok()) return error(std::string(out.status().message()));
  if (length != nullptr) {
    if (absl::Status status = set_length(*length, *out); !status.ok()) return status;
  }
  return out;
}

}  // namespace

absl::Status set_operators(const CommandText& text, LogCommand& out) {
  Struct object;
  auto parsed = google::protobuf::util::JsonStringToMessage(std::string(text.parameters), &object);
  const Value* operators = parsed.ok() ? member(object, "operators") : nullptr;
  if (operators == nullptr || operators->list_value().values_size() == 0)
    return error(fmt::format("'{}' is no JSON object with a list of operators", text.parameters));
  for (const Value& each : operators->list_value().values()) {
    auto compiled = compile_operator(each);
    if (!compiled.ok()) return compiled.status();
    out.operators.push_back(*std::move(compiled));
  }
  return absl::OkStatus();
}

}  // namespace outrigger::xds
