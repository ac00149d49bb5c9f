#include "filters/http/header_to_metadata/config.h"

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include <fmt/format.h>

#include "envoy/extensions/filters/http/header_to_metadata/v3/header_to_metadata.pb.h"
#include "envoy/type/matcher/v3/string.pb.h"

#include "filters/http/header_to_metadata/filter.h"

namespace outrigger::filters::header_to_metadata {
namespace {

using ProtoConfig = envoy::extensions::filters::http::header_to_metadata::v3::Config;

constexpr const char* kDefaultNamespace = "envoy.filters.http.header_to_metadata";

Target compile_target(const ProtoConfig::KeyValuePair& proto) {
  Target out;
  out.name_space =
      proto.metadata_namespace().empty() ? kDefaultNamespace : proto.metadata_namespace();
  out.key = proto.key();
  out.value = proto.value();
  out.base64 = proto.encode() == ProtoConfig::BASE64;
  if (proto.type() == ProtoConfig::NUMBER) out.type = ValueType::number;
  if (proto.type() == ProtoConfig::PROTOBUF_VALUE) out.type = ValueType::protobuf_value;
  return out;
}

// What the message's own rules do not say.
const char* find_contradiction(const ProtoConfig::Rule& proto) {
  if (!proto.cookie().empty() && !proto.header().empty()) {
    return "cookie: cannot be set together with header";
  }
  if (proto.cookie().empty() && proto.header().empty()) return "header: it or cookie is needed";
  if (!proto.has_on_header_present() && !proto.has_on_header_missing()) {
    return "on_header_present: it or on_header_missing is needed";
  }
  if (!proto.on_header_present().value().empty() &&
      proto.on_header_present().has_regex_value_rewrite()) {
    return "on_header_present.regex_value_rewrite: cannot be set together with value";
  }
  if (!proto.cookie().empty() && proto.remove()) return "remove: a cookie cannot be removed";
  if (proto.has_on_header_missing() && proto.on_header_missing().value().empty()) {
    return "on_header_missing.value: is required";
  }
  // Without a value there is nothing that it could rewrite.
  if (proto.on_header_missing().has_regex_value_rewrite()) {
    return "on_header_missing.regex_value_rewrite: cannot be set together with value";
  }
  return nullptr;
}

absl::StatusOr<Rule> compile_rule(const ProtoConfig::Rule& proto, CompileContext& context) {
  if (const char* text = find_contradiction(proto)) return absl::InvalidArgumentError(text);
  Rule out;
  out.header = absl::AsciiStrToLower(proto.header());
  out.cookie = proto.cookie();
  out.remove = proto.remove();
  if (proto.has_on_header_present()) out.present = compile_target(proto.on_header_present());
  if (proto.has_on_header_missing()) out.missing = compile_target(proto.on_header_missing());
  if (!proto.on_header_present().has_regex_value_rewrite()) return out;
  const auto& rewrite = proto.on_header_present().regex_value_rewrite();
  envoy::type::matcher::v3::StringMatcher matcher;
  *matcher.mutable_safe_regex() = rewrite.pattern();
  auto compiled = context.compile(matcher);
  if (!compiled.ok()) {
    return absl::InvalidArgumentError(fmt::format("on_header_present.regex_value_rewrite.{}",
                                                  std::string(compiled.status().message())));
  }
  out.rewrite = compiled->regex;
  out.substitution = rewrite.substitution();
  return out;
}

template <class List>
absl::Status compile_list(const List& list, const char* field, CompileContext& context,
                          std::vector<Rule>& out) {
  for (int i = 0; i < list.size(); ++i) {
    auto rule = compile_rule(list.Get(i), context);
    if (!rule.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("{}[{}].{}", field, i, std::string(rule.status().message())));
    }
    out.push_back(*std::move(rule));
  }
  return absl::OkStatus();
}

absl::StatusOr<Rules> compile_rules(const google::protobuf::Message& config,
                                    CompileContext& context) {
  const auto& proto = static_cast<const ProtoConfig&>(config);
  Rules out;
  absl::Status status = compile_list(proto.request_rules(), "request_rules", context, out.request);
  status.Update(compile_list(proto.response_rules(), "response_rules", context, out.response));
  if (!status.ok()) return status;
  if (!proto.stat_prefix().empty()) {
    std::string prefix = fmt::format("http_filter_name.{}.", proto.stat_prefix());
    out.stats = context.stats().scope<HeaderToMetadataStats>(prefix, prefix, {});
  }
  return out;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context) {
  auto rules = compile_rules(config, context);
  if (!rules.ok()) return rules.status();
  return std::make_shared<HeaderToMetadataFactory>(*std::move(rules));
}

absl::StatusOr<std::shared_ptr<const FilterRouteConfig>> compile_route(
    const google::protobuf::Message& config, CompileContext& context) {
  auto rules = compile_rules(config, context);
  if (!rules.ok()) return rules.status();
  if (rules->request.empty() && rules->response.empty()) {
    return absl::InvalidArgumentError("request_rules: they or response_rules are needed");
  }
  auto out = std::make_shared<RulesRouteConfig>();
  out->rules = *std::move(rules);
  return out;
}

}  // namespace outrigger::filters::header_to_metadata
