#include "xds/compile_application_log.h"

#include <map>

#include "fmt/format.h"
#include "google/protobuf/util/json_util.h"

namespace outrigger::xds {
namespace {

std::string json_of(const google::protobuf::Message& message) {
  std::string text;
  return google::protobuf::util::MessageToJsonString(message, &text).ok() ? text : std::string();
}

absl::StatusOr<std::string> json_pattern(const google::protobuf::Struct& format) {
  // In an order that does not change from start to start.
  std::map<std::string, std::string> members;
  for (const auto& [key, value] : format.fields()) {
    google::protobuf::Value name;
    name.set_string_value(key);
    members.emplace(json_of(name), json_of(value));
  }
  std::string pattern = "{";
  for (const auto& [name, value] : members)
    pattern += fmt::format("{}{}:{}", pattern.size() > 1 ? "," : "", name, value);
  pattern += '}';
  // Octets of the message would end the string that they stand in.
  for (size_t at = pattern.find('%'); at != std::string::npos; at = pattern.find('%', at + 2)) {
    if (pattern.compare(at, 2, "%v") == 0) {
      return absl::InvalidArgumentError(
          "log_format.json_format: %v is not for JSON: use %j, which escapes the message");
    }
  }
  return pattern;
}

}  // namespace

absl::StatusOr<std::string> compile_log_pattern(
    const envoy::config::bootstrap::v3::Bootstrap::ApplicationLogConfig& log) {
  if (log.log_format().has_json_format()) return json_pattern(log.log_format().json_format());
  return log.log_format().text_format();
}

}  // namespace outrigger::xds
