#include "xds/resource_reader.h"

#include <utility>
#include <vector>

#include "fmt/format.h"
#include "google/protobuf/unknown_field_set.h"

#include "xds/check.h"
#include "xds/problems.h"
#include "xds/sources.h"

namespace outrigger::xds {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// "envoy.config.cluster.v3.Cluster field 77", the first that is found; empty: there is none.
std::string unknown_field_of(const Message& message) {
  const auto& reflection = *message.GetReflection();
  const auto& unknown = reflection.GetUnknownFields(message);
  if (!unknown.empty()) {
    return fmt::format("{} field {}", message.GetDescriptor()->full_name(),
                       unknown.field(0).number());
  }
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      std::string found =
          unknown_field_of(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                                : reflection.GetMessage(message, field));
      if (!found.empty()) return found;
    }
  }
  return {};
}

}  // namespace

absl::Status ResourceReader::read_into(const google::protobuf::Any& body, Message& into) {
  const std::string& wanted = into.GetDescriptor()->full_name();
  const auto* type = schema_.type_of_url(body.type_url());
  if (type != into.GetDescriptor()) {
    return absl::InvalidArgumentError(
        fmt::format("the resource is of type '{}', not '{}'", body.type_url(), wanted));
  }
  if (!into.ParseFromString(body.value()))
    return absl::InvalidArgumentError(fmt::format("the octets are no valid {}", wanted));
  if (absl::Status status = look_for_unknown(into); !status.ok()) return status;
  return check(into);
}

absl::Status ResourceReader::look_for_unknown(const Message& message) {
  std::string unknown = unknown_field_of(message);
  if (unknown.empty()) return absl::OkStatus();
  if (options_.count_unknown) options_.count_unknown();
  if (options_.reject_unknown_fields)
    return absl::InvalidArgumentError("unknown field: " + unknown);
  if (options_.warn_unknown_fields && options_.warn && said_.insert(unknown).second)
    options_.warn("unknown field: " + unknown);
  return absl::OkStatus();
}

absl::Status ResourceReader::check(const Message& message) {
  Problems problems;
  Sources nowhere;
  std::vector<std::string> warnings;
  MessageChecker(schema_, nowhere, problems, warnings).check(message);
  constexpr std::string_view kNote = " has no effect: ";
  for (const std::string& warning : warnings) {
    size_t at = warning.find(kNote);
    std::string key = at == std::string::npos ? warning : warning.substr(at);
    if (options_.warn && said_.insert(key).second) options_.warn(warning);
  }
  return problems.status();
}

}  // namespace outrigger::xds
