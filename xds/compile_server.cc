#include "xds/compile_server.h"

#include <algorithm>
#include <regex>
#include <set>

#include "fmt/format.h"
#include "google/protobuf/util/json_util.h"
#include "re2/re2.h"

#include "xds/compile_access_log.h"
#include "xds/compile_matcher.h"
#include "xds/compile_metadata.h"
#include "xds/compile_socket_options.h"
#include "xds/compile_values.h"
#include "xds/field_errors.h"

// Envoy's deprecated fields are in use everywhere, so they work here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::xds {
namespace {

using RuntimeLayer = config::Bootstrap::RuntimeLayer;
using RuntimeValues = std::unordered_map<std::string, std::string>;
using envoy::config::metrics::v3::StatsConfig;
using envoy::config::metrics::v3::StatsMatcher;
using google::protobuf::Value;

std::string json_of(const google::protobuf::Message& message) {
  std::string text;
  return google::protobuf::util::MessageToJsonString(message, &text).ok() ? text : std::string();
}

// Keys of inner mappings are joined by dots, except for a FractionalPercent, which is one value.
void flatten(const std::string& key, const Value& value, RuntimeValues& out, FieldErrors& errors) {
  switch (value.kind_case()) {
    case Value::kNumberValue:
      out[key] = json_of(value);
      break;
    case Value::kBoolValue:
      out[key] = value.bool_value() ? "true" : "false";
      break;
    case Value::kStringValue:
      out[key] = value.string_value();
      break;
    case Value::kStructValue: {
      const auto& fields = value.struct_value().fields();
      if (fields.contains("numerator") || fields.contains("denominator")) {
        out[key] = json_of(value.struct_value());
        break;
      }
      for (const auto& [name, inner] : fields)
        flatten(key.empty() ? name : key + "." + name, inner, out, errors);
      break;
    }
    default:
      errors.add(key, "a runtime value is a number, a boolean, a string or a mapping");
  }
}

absl::StatusOr<RuntimeLayer> compile_layer(
    const envoy::config::bootstrap::v3::RuntimeLayer& layer) {
  FieldErrors errors;
  RuntimeLayer out;
  out.name = layer.name();
  out.admin = layer.has_admin_layer();
  out.values = errors.take_nested("static_layer", compile_runtime_values(layer.static_layer()));
  if (!errors.empty()) return errors.status();
  return out;
}

// The first group is cut out of the name, so there must be one. Where RE2 cannot do what the
// pattern asks for (Istio's look ahead), std::regex does it, as in Envoy.
absl::Status check_tag_regex(const std::string& pattern) {
  RE2 regex(pattern, RE2::Quiet);
  size_t groups = regex.ok() ? static_cast<size_t>(regex.NumberOfCapturingGroups()) : 0;
  if (!regex.ok()) {
    try {
      groups = std::regex(pattern, std::regex::ECMAScript).mark_count();
    } catch (const std::regex_error&) {
      return absl::InvalidArgumentError(
          fmt::format("invalid regex '{}': {}", pattern, regex.error()));
    }
  }
  if (groups > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("regex '{}' has no group", pattern));
}

void compile_tags(const StatsConfig& stats, config::StatsConfig& out, FieldErrors& errors) {
  for (int i = 0; i < stats.stats_tags_size(); ++i) {
    const auto& tag = stats.stats_tags(i);
    std::string field = indexed("stats_tags", i);
    out.tags.push_back({tag.tag_name(), tag.regex(), tag.fixed_value()});
    if (tag.has_regex()) errors.add(field + ".regex", check_tag_regex(tag.regex()));
  }
}

void compile_stats_matcher(const StatsMatcher& matcher, config::StatsConfig& out,
                           FieldErrors& errors) {
  using Match = config::StatsConfig::Match;
  const envoy::type::matcher::v3::ListStringMatcher* list = nullptr;
  const char* field = "";
  switch (matcher.stats_matcher_case()) {
    case StatsMatcher::kRejectAll:
      out.match = matcher.reject_all() ? Match::none : Match::all;
      return;
    case StatsMatcher::kExclusionList:
      out.match = Match::exclude;
      list = &matcher.exclusion_list();
      field = "stats_matcher.exclusion_list.patterns";
      break;
    case StatsMatcher::kInclusionList:
      out.match = Match::include;
      list = &matcher.inclusion_list();
      field = "stats_matcher.inclusion_list.patterns";
      break;
    case StatsMatcher::STATS_MATCHER_NOT_SET:
      return;
  }
  for (int i = 0; i < list->patterns_size(); ++i) {
    out.patterns.push_back(
        errors.take_nested(indexed(field, i), compile_string_matcher(list->patterns(i))));
  }
}

void compile_buckets(const StatsConfig& stats, config::StatsConfig& out, FieldErrors& errors) {
  for (int i = 0; i < stats.histogram_bucket_settings_size(); ++i) {
    const auto& settings = stats.histogram_bucket_settings(i);
    std::string field = indexed("histogram_bucket_settings", i);
    config::StatsConfig::Buckets buckets;
    buckets.name = errors.take_nested(field + ".match", compile_string_matcher(settings.match()));
    buckets.bounds.assign(settings.buckets().begin(), settings.buckets().end());
    std::sort(buckets.bounds.begin(), buckets.bounds.end());
    out.histogram_buckets.push_back(std::move(buckets));
  }
}

}  // namespace

absl::StatusOr<RuntimeValues> compile_runtime_values(const google::protobuf::Struct& values) {
  FieldErrors errors;
  RuntimeValues out;
  for (const auto& [key, value] : values.fields()) flatten(key, value, out, errors);
  if (!errors.empty()) return errors.status();
  return out;
}

absl::StatusOr<config::Admin> compile_admin(const envoy::config::bootstrap::v3::Admin& admin) {
  FieldErrors errors;
  config::Admin out;
  out.address = errors.take_nested("address", compile_address(admin.address()));
  out.access_logs = errors.take_nested("", compile_access_logs(admin.access_log()));
  if (!admin.access_log_path().empty()) {
    config::AccessLog log;
    log.path = admin.access_log_path();
    log.format = default_log_format_compiled();
    out.access_logs.push_back(std::move(log));
  }
  out.socket_options = errors.take_nested("", compile_socket_options(admin.socket_options()));
  for (int i = 0; i < admin.allow_paths_size(); ++i) {
    out.allowed_paths.push_back(errors.take_nested(indexed("allow_paths", i),
                                                   compile_string_matcher(admin.allow_paths(i))));
  }
  if (!errors.empty()) return errors.status();
  return out;
}

absl::StatusOr<std::vector<RuntimeLayer>> compile_runtime(
    const envoy::config::bootstrap::v3::LayeredRuntime& runtime) {
  FieldErrors errors;
  std::vector<RuntimeLayer> out;
  std::set<std::string> names;
  int admin_layers = 0;
  for (int i = 0; i < runtime.layers_size(); ++i) {
    const auto& layer = runtime.layers(i);
    std::string field = indexed("layers", i);
    if (!names.insert(layer.name()).second)
      errors.add(field + ".name", fmt::format("duplicate layer name: {}", layer.name()));
    if (layer.has_admin_layer() && ++admin_layers > 1)
      errors.add(field + ".admin_layer", "at most one admin layer may be specified");
    out.push_back(errors.take_nested(field, compile_layer(layer)));
  }
  if (!errors.empty()) return errors.status();
  return out;
}

absl::StatusOr<config::StatsConfig> compile_stats_config(const StatsConfig& stats) {
  FieldErrors errors;
  config::StatsConfig out;
  if (stats.has_use_all_default_tags())
    out.use_all_default_tags = stats.use_all_default_tags().value();
  compile_tags(stats, out, errors);
  compile_stats_matcher(stats.stats_matcher(), out, errors);
  compile_buckets(stats, out, errors);
  if (!errors.empty()) return errors.status();
  return out;
}

config::NodeIdentity compile_node(const envoy::config::core::v3::Node& node,
                                  const config::NodeIdentity& overrides) {
  auto either = [](const std::string& first, const std::string& second) {
    return first.empty() ? second : first;
  };
  const auto& locality = node.locality();
  return {either(overrides.id, node.id()),
          either(overrides.cluster, node.cluster()),
          either(overrides.region, locality.region()),
          either(overrides.zone, locality.zone()),
          either(overrides.sub_zone, locality.sub_zone()),
          compile_struct(node.metadata())};
}

}  // namespace outrigger::xds
