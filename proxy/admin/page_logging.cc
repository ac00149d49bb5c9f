// /logging: the levels of the application log, listed and changed. The rules for parameters are
// Envoy's: one parameter a request.
#include "absl/strings/str_split.h"
#include "fmt/format.h"

#include "proxy/admin/pages_all.h"
#include "proxy/runtime/log.h"

namespace outrigger::admin {
namespace {

constexpr std::string_view kUsage =
    "usage: /logging?<name>=<level> (change single level)\n"
    "usage: /logging?paths=name1:level1,name2:level2,... (change multiple levels)\n"
    "usage: /logging?level=<level> (change all levels)\n"
    "levels: trace debug info warning error critical off \n";

constexpr std::string_view kUnknownLevel = "unknown logger level";
constexpr std::string_view kUnknownName = "unknown logger name";

std::string active_loggers() {
  std::string text = "active loggers:\n";
  for (size_t i = 0; i < log::kComponents; ++i) {
    auto component = static_cast<log::Component>(i);
    text += fmt::format("  {}: {}\n", log::name(component), log::name(log::level(component)));
  }
  return text + '\n';
}

// Each change returns what is wrong with it; empty: done.
std::string_view change_all(const std::string& level_name) {
  if (level_name.empty()) return {};
  auto level = log::level_of(level_name);
  if (!level) return kUnknownLevel;
  log::set_all_levels(*level);
  return {};
}

std::string_view change_one(const std::string& name, const std::string& level_name) {
  auto level = log::level_of(level_name);
  if (!level) return kUnknownLevel;
  auto component = log::component_of(name);
  if (!component) return kUnknownName;
  log::set_level(*component, *level);
  return {};
}

// "a:debug,b:trace"; nothing is changed unless all of it is right.
std::string_view change_several(const std::string& list) {
  std::vector<std::pair<log::Component, log::Level>> changes;
  std::vector<std::string> entries = absl::StrSplit(list, ',', absl::SkipEmpty());
  for (const std::string& entry : entries) {
    std::vector<std::string> parts = absl::StrSplit(entry, ':');
    if (parts.size() != 2 || parts[0].empty() || parts[1].empty()) {
      return "empty logger name or empty logger level";
    }
    auto level = log::level_of(parts[1]);
    if (!level) return kUnknownLevel;
    auto component = log::component_of(parts[0]);
    if (!component) return kUnknownName;
    changes.emplace_back(*component, *level);
  }
  for (auto [component, level] : changes) log::set_level(component, level);
  return {};
}

// A form sends every field, also those that were left empty; these do not count.
Params::List given(const Params& params) {
  Params::List list;
  for (const auto& param : params.list()) {
    if (!param.second.empty() || (param.first != "paths" && param.first != "level"))
      list.push_back(param);
  }
  return list;
}

std::string_view change(const Params& params) {
  Params::List list = given(params);
  if (list.empty()) return {};
  if (list.size() > 1) return "invalid number of parameters";
  const auto& [name, value] = list.front();
  if (name == "level") return change_all(value);
  if (name == "paths") return change_several(value);
  if (name == "group") return "group parameter requires fine-grain logging to be enabled";
  return change_one(name, value);
}

}  // namespace

Response logging_page(const Request& request, ServerView&) {
  std::string_view error = change(request.params);
  if (error.empty()) return Response::text(200, active_loggers());
  return Response::text(400, fmt::format("error: {}\n\n{}{}", error, kUsage, active_loggers()));
}

}  // namespace outrigger::admin
