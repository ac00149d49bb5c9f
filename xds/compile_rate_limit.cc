#include "xds/compile_rate_limit.h"

#include <string>
#include <utility>

#include "absl/strings/ascii.h"

#include "xds/compile_matcher.h"
#include "xds/field_errors.h"

// Envoy's deprecated actions are in use, so they work here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::xds {
namespace {

using config::RateLimitAction;
using Kind = RateLimitAction::Kind;
using Action = envoy::config::route::v3::RateLimit::Action;

std::string key_or(const std::string& key, const char* otherwise) {
  return key.empty() ? otherwise : key;
}

config::MetadataPath compile_path(const envoy::type::metadata::v3::MetadataKey& key) {
  config::MetadataPath path;
  path.filter = key.key();
  for (const auto& segment : key.path()) path.keys.push_back(segment.key());
  return path;
}

void compile_header_condition(const Action::HeaderValueMatch& match, RateLimitAction& out,
                              FieldErrors& errors) {
  out.kind = Kind::condition;
  out.key = key_or(match.descriptor_key(), "header_match");
  out.value = match.descriptor_value();
  out.expect_match = !match.has_expect_match() || match.expect_match().value();
  for (int i = 0; i < match.headers_size(); ++i) {
    out.condition.headers.push_back(errors.take_nested(indexed("header_value_match.headers", i),
                                                       compile_header_match(match.headers(i))));
  }
}

void compile_query_condition(const Action::QueryParameterValueMatch& match, RateLimitAction& out,
                             FieldErrors& errors) {
  out.kind = Kind::condition;
  out.key = key_or(match.descriptor_key(), "query_match");
  out.value = match.descriptor_value();
  out.expect_match = !match.has_expect_match() || match.expect_match().value();
  for (int i = 0; i < match.query_parameters_size(); ++i) {
    out.condition.query.push_back(
        errors.take_nested(indexed("query_parameter_value_match.query_parameters", i),
                           compile_query_match(match.query_parameters(i))));
  }
}

void compile_metadata_action(const Action::MetaData& metadata, RateLimitAction& out) {
  out.kind = metadata.source() == Action::MetaData::ROUTE_ENTRY ? Kind::route_metadata
                                                                : Kind::dynamic_metadata;
  out.key = metadata.descriptor_key();
  out.value = metadata.default_value();
  out.skip_if_absent = metadata.skip_if_absent();
  out.metadata = compile_path(metadata.metadata_key());
}

void compile_named(Kind kind, const std::string& name, const std::string& key, bool skip_if_absent,
                   RateLimitAction& out) {
  out.kind = kind;
  out.name = name;
  out.key = key;
  out.skip_if_absent = skip_if_absent;
}

RateLimitAction compile_action(const Action& action, FieldErrors& errors) {
  RateLimitAction out;
  switch (action.action_specifier_case()) {
    case Action::kSourceCluster:
      out.kind = Kind::source_cluster;
      out.key = "source_cluster";
      break;
    case Action::kDestinationCluster:
      out.kind = Kind::destination_cluster;
      out.key = "destination_cluster";
      break;
    case Action::kRequestHeaders:
      compile_named(Kind::request_header,
                    absl::AsciiStrToLower(action.request_headers().header_name()),
                    action.request_headers().descriptor_key(),
                    action.request_headers().skip_if_absent(), out);
      break;
    case Action::kQueryParameters:
      compile_named(Kind::query_parameter, action.query_parameters().query_parameter_name(),
                    action.query_parameters().descriptor_key(),
                    action.query_parameters().skip_if_absent(), out);
      break;
    case Action::kRemoteAddress:
      out.kind = Kind::remote_address;
      out.key = "remote_address";
      break;
    case Action::kMaskedRemoteAddress: {
      const auto& masked = action.masked_remote_address();
      out.kind = Kind::masked_remote_address;
      out.key = "masked_remote_address";
      if (masked.has_v4_prefix_mask_len()) out.v4_prefix = masked.v4_prefix_mask_len().value();
      if (masked.has_v6_prefix_mask_len()) out.v6_prefix = masked.v6_prefix_mask_len().value();
      break;
    }
    case Action::kGenericKey:
      out.kind = Kind::generic_key;
      out.key = key_or(action.generic_key().descriptor_key(), "generic_key");
      out.value = action.generic_key().descriptor_value();
      break;
    case Action::kHeaderValueMatch:
      compile_header_condition(action.header_value_match(), out, errors);
      break;
    case Action::kQueryParameterValueMatch:
      compile_query_condition(action.query_parameter_value_match(), out, errors);
      break;
    case Action::kDynamicMetadata:
      out.kind = Kind::dynamic_metadata;
      out.key = action.dynamic_metadata().descriptor_key();
      out.value = action.dynamic_metadata().default_value();
      out.metadata = compile_path(action.dynamic_metadata().metadata_key());
      break;
    case Action::kMetadata:
      compile_metadata_action(action.metadata(), out);
      break;
    default:
      errors.add("", "an action must say what the entry is made of");
  }
  return out;
}

}  // namespace

absl::StatusOr<config::RateLimit> compile_rate_limit(
    const envoy::config::route::v3::RateLimit& limit) {
  FieldErrors errors;
  config::RateLimit out;
  out.stage = limit.stage().value();
  out.disable_key = limit.disable_key();
  if (limit.has_hits_addend() && limit.hits_addend().has_number()) {
    out.hits = limit.hits_addend().number().value();
  }
  for (int i = 0; i < limit.actions_size(); ++i) {
    FieldErrors inner;
    out.actions.push_back(compile_action(limit.actions(i), inner));
    errors.add_nested(indexed("actions", i), inner.status());
  }
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace outrigger::xds
