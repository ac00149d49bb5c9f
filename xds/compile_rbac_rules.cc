#include "xds/compile_rbac_rules.h"

#include <string>
#include <string_view>
#include <utility>

#include "fmt/format.h"

#include "xds/compile_matcher.h"
#include "xds/compile_metadata.h"
#include "xds/field_errors.h"
#include "xds/uri_template.h"

// Envoy's deprecated fields are in use everywhere, so they work here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::xds {
namespace {

using envoy::config::core::v3::CidrRange;
using envoy::config::rbac::v3::Permission;
using envoy::config::rbac::v3::Principal;
using envoy::config::rbac::v3::SourcedMetadata;
using envoy::type::matcher::v3::FilterStateMatcher;
using envoy::type::matcher::v3::PathMatcher;
using rbac::Rule;

// One message of rules, whose problems go to `errors`.
class RuleCompiler {
 public:
  RuleCompiler(RbacSubject subject, FieldErrors& errors) : subject_(subject), errors_(errors) {}

  Rule ip(const char* field, rbac::AddressOf address, const CidrRange& message) {
    // A range without a length takes in every address of its family, as Envoy's.
    auto range = net::Cidr::from_ip(message.address_prefix(), message.prefix_len().value());
    if (range) return {rbac::InRange{address, *range}};
    errors_.add(std::string(field) + ".address_prefix",
                fmt::format("'{}' is not an IP address", message.address_prefix()));
    return {};
  }
  Rule port(uint32_t port) { return {rbac::DestinationPort{port, port}}; }
  // [start, end)
  Rule port_range(const envoy::type::v3::Int32Range& message) {
    if (message.start() < 0 || message.end() > 65536 || message.start() >= message.end()) {
      errors_.add("destination_port_range",
                  fmt::format("[{}, {}) is not a range of ports", message.start(), message.end()));
      return {};
    }
    return {rbac::DestinationPort{static_cast<uint32_t>(message.start()),
                                  static_cast<uint32_t>(message.end() - 1)}};
  }
  Rule metadata(const char* field, const envoy::type::matcher::v3::MetadataMatcher& message,
                bool of_route) {
    if (of_route && !of_request(field)) return {};
    return {
        rbac::MetadataIs{errors_.take_nested(field, compile_metadata_matcher(message)), of_route}};
  }
  Rule sourced(const SourcedMetadata& message) {
    return metadata("sourced_metadata.metadata_matcher", message.metadata_matcher(),
                    message.metadata_source() == envoy::config::rbac::v3::ROUTE);
  }
  Rule header(const envoy::config::route::v3::HeaderMatcher& message) {
    if (!of_request("header")) return {};
    return {rbac::HeaderIs{errors_.take_nested("header", compile_header_match(message))}};
  }
  Rule url_path(const PathMatcher& message) {
    if (!of_request("url_path")) return {};
    return {
        rbac::PathIs{errors_.take_nested("url_path.path", compile_string_matcher(message.path()))}};
  }
  Rule uri_template(const envoy::config::core::v3::TypedExtensionConfig& message);
  Rule filter_state(const FilterStateMatcher& message);
  template <class Messages, class Compile>
  std::vector<Rule> set(const char* field, const Messages& messages, Compile compile) {
    std::vector<Rule> rules;
    for (int i = 0; i < messages.size(); ++i)
      rules.push_back(errors_.take_nested(indexed(field, i), compile(messages.Get(i), subject_)));
    return rules;
  }
  template <class Message, class Compile>
  Rule negate(const char* field, const Message& message, Compile compile) {
    rbac::Not out;
    out.rule.push_back(errors_.take_nested(field, compile(message, subject_)));
    return {std::move(out)};
  }
  Rule unsupported(const char* field) {
    errors_.add(field, "is not supported by Outrigger");
    return {};
  }

 private:
  bool of_request(const char* field) {
    if (subject_ == RbacSubject::request) return true;
    errors_.add(field, "a connection has none: this rule is for the HTTP filter only");
    return false;
  }

  RbacSubject subject_;
  FieldErrors& errors_;
};

Rule RuleCompiler::filter_state(const FilterStateMatcher& message) {
  if (message.matcher_case() == FilterStateMatcher::kStringMatch) {
    return {rbac::FilterStateIs{
        message.key(), errors_.take_nested("filter_state.string_match",
                                           compile_string_matcher(message.string_match()))}};
  }
  rbac::FilterStateInRange out;
  out.key = message.key();
  for (int i = 0; i < message.address_match().ranges_size(); ++i) {
    const auto& range = message.address_match().ranges(i);
    auto compiled = net::Cidr::from_ip(range.address_prefix(), range.prefix_len().value());
    if (compiled) {
      out.ranges.push_back(*compiled);
    } else {
      errors_.add(indexed("filter_state.address_match.ranges", i) + ".address_prefix",
                  fmt::format("'{}' is not an IP address", range.address_prefix()));
    }
  }
  return {std::move(out)};
}

Rule RuleCompiler::uri_template(const envoy::config::core::v3::TypedExtensionConfig& message) {
  if (!of_request("uri_template")) return {};
  return {rbac::PathIs{errors_.take_nested("uri_template.typed_config",
                                           compile_uri_template(message.typed_config()))}};
}

Rule permission(const Permission& message, RuleCompiler& rules) {
  switch (message.rule_case()) {
    case Permission::kAndRules:
      return {rbac::AllOf{
          rules.set("and_rules.rules", message.and_rules().rules(), compile_permission)}};
    case Permission::kOrRules:
      return {
          rbac::AnyOf{rules.set("or_rules.rules", message.or_rules().rules(), compile_permission)}};
    case Permission::kAny:
      return {rbac::Constant{true}};
    case Permission::kHeader:
      return rules.header(message.header());
    case Permission::kUrlPath:
      return rules.url_path(message.url_path());
    case Permission::kDestinationIp:
      return rules.ip("destination_ip", rbac::AddressOf::destination, message.destination_ip());
    case Permission::kDestinationPort:
      return rules.port(message.destination_port());
    case Permission::kDestinationPortRange:
      return rules.port_range(message.destination_port_range());
    case Permission::kMetadata:
      return rules.metadata("metadata", message.metadata(), false);
    case Permission::kSourcedMetadata:
      return rules.sourced(message.sourced_metadata());
    case Permission::kNotRule:
      return rules.negate("not_rule", message.not_rule(), compile_permission);
    case Permission::kRequestedServerName:
      break;
    case Permission::kMatcher:
      return rules.unsupported("matcher");
    case Permission::kUriTemplate:
      return rules.uri_template(message.uri_template());
    case Permission::RULE_NOT_SET:
      return rules.unsupported("rule");
  }
  return {};
}

Rule principal(const Principal& message, RuleCompiler& rules) {
  switch (message.identifier_case()) {
    case Principal::kAndIds:
      return {rbac::AllOf{rules.set("and_ids.ids", message.and_ids().ids(), compile_principal)}};
    case Principal::kOrIds:
      return {rbac::AnyOf{rules.set("or_ids.ids", message.or_ids().ids(), compile_principal)}};
    case Principal::kAny:
      return {rbac::Constant{true}};
    case Principal::kSourceIp:
      return rules.ip("source_ip", rbac::AddressOf::source, message.source_ip());
    case Principal::kDirectRemoteIp:
      return rules.ip("direct_remote_ip", rbac::AddressOf::direct_remote,
                      message.direct_remote_ip());
    case Principal::kRemoteIp:
      return rules.ip("remote_ip", rbac::AddressOf::remote, message.remote_ip());
    case Principal::kHeader:
      return rules.header(message.header());
    case Principal::kUrlPath:
      return rules.url_path(message.url_path());
    case Principal::kMetadata:
      return rules.metadata("metadata", message.metadata(), false);
    case Principal::kSourcedMetadata:
      return rules.sourced(message.sourced_metadata());
    case Principal::kFilterState:
      return rules.filter_state(message.filter_state());
    case Principal::kNotId:
      return rules.negate("not_id", message.not_id(), compile_principal);
    case Principal::kAuthenticated:
      break;
    case Principal::kCustom:
      return rules.unsupported("custom");
    case Principal::IDENTIFIER_NOT_SET:
      return rules.unsupported("identifier");
  }
  return {};
}

Rule authenticated(const Principal::Authenticated& message, FieldErrors& errors) {
  rbac::Authenticated out;
  out.any_name = !message.has_principal_name();
  if (!out.any_name) {
    out.name = errors.take_nested("authenticated.principal_name",
                                  compile_string_matcher(message.principal_name()));
  }
  return {std::move(out)};
}

}  // namespace

absl::StatusOr<Rule> compile_permission(const Permission& message, RbacSubject subject) {
  FieldErrors errors;
  RuleCompiler rules(subject, errors);
  Rule out = permission(message, rules);
  if (message.rule_case() == Permission::kRequestedServerName) {
    out.condition = rbac::ServerName{errors.take_nested(
        "requested_server_name", compile_string_matcher(message.requested_server_name()))};
  }
  if (!errors.empty()) return errors.status();
  return out;
}

absl::StatusOr<Rule> compile_principal(const Principal& message, RbacSubject subject) {
  FieldErrors errors;
  RuleCompiler rules(subject, errors);
  Rule out = message.identifier_case() == Principal::kAuthenticated
                 ? authenticated(message.authenticated(), errors)
                 : principal(message, rules);
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace outrigger::xds
