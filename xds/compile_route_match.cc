#include <memory>
#include <string_view>
#include <utility>

#include "fmt/format.h"

#include "api/config/stream_conditions.h"
#include "xds/compile_matcher.h"
#include "xds/compile_metadata.h"
#include "xds/compile_route_parts.h"
#include "xds/regex.h"
#include "xds/uri_template.h"

namespace outrigger::xds {
namespace {

using Kind = config::PathMatch::Kind;
using envoy::config::route::v3::RouteMatch;

config::PathMatch compile_path(const RouteMatch& match, FieldErrors& errors) {
  config::PathMatch out;
  out.case_sensitive = !match.has_case_sensitive() || match.case_sensitive().value();
  switch (match.path_specifier_case()) {
    case RouteMatch::kPrefix:
      out.kind = Kind::prefix;
      out.text = match.prefix();
      break;
    case RouteMatch::kPath:
      out.kind = Kind::path;
      out.text = match.path();
      break;
    case RouteMatch::kSafeRegex:
      out.kind = Kind::regex;
      out.regex = errors.take("safe_regex.regex", compile_regex(match.safe_regex()));
      break;
    case RouteMatch::kPathSeparatedPrefix:
      out.kind = Kind::path_separated_prefix;
      out.text = match.path_separated_prefix();
      break;
    case RouteMatch::kPathMatchPolicy: {
      out.kind = Kind::path_template;
      out.regex = errors
                      .take_nested("path_match_policy.typed_config",
                                   compile_uri_template(match.path_match_policy().typed_config()))
                      .regex;
      break;
    }
    case RouteMatch::kConnectMatcher:
      out.kind = Kind::connect;
      break;
    default:
      errors.add("", "has no path condition that is supported");
  }
  return out;
}

std::shared_ptr<const config::StreamConditions> compile_stream_conditions(const RouteMatch& match,
                                                                          FieldErrors& errors) {
  if (!match.has_tls_context() && match.dynamic_metadata().empty() && match.filter_state().empty())
    return nullptr;
  auto out = std::make_shared<config::StreamConditions>();
  const auto& tls = match.tls_context();
  if (tls.has_presented()) out->certificate_presented = tls.presented().value();
  if (tls.has_validated()) out->certificate_validated = tls.validated().value();
  for (int i = 0; i < match.dynamic_metadata_size(); ++i) {
    out->metadata.push_back(errors.take_nested(
        indexed("dynamic_metadata", i), compile_metadata_matcher(match.dynamic_metadata(i))));
  }
  for (int i = 0; i < match.filter_state_size(); ++i) {
    out->filter_state.push_back(errors.take_nested(
        indexed("filter_state", i), compile_filter_state_match(match.filter_state(i))));
  }
  return out;
}

}  // namespace

absl::StatusOr<config::FilterStateMatch> compile_filter_state_match(
    const envoy::type::matcher::v3::FilterStateMatcher& matcher) {
  FieldErrors errors;
  config::FilterStateMatch out;
  out.key = matcher.key();
  if (matcher.has_string_match()) {
    out.text = errors.take_nested("string_match", compile_string_matcher(matcher.string_match()));
  }
  for (int i = 0; i < matcher.address_match().ranges_size(); ++i) {
    const auto& range = matcher.address_match().ranges(i);
    auto compiled = net::Cidr::from_ip(range.address_prefix(), range.prefix_len().value());
    if (compiled) {
      out.ranges.push_back(*compiled);
    } else {
      errors.add(indexed("address_match.ranges", i) + ".address_prefix",
                 fmt::format("'{}' is not an IP address", range.address_prefix()));
    }
  }
  if (!errors.empty()) return errors.status();
  return out;
}

absl::StatusOr<config::RouteMatch> compile_route_match(const RouteMatch& match) {
  FieldErrors errors;
  config::RouteMatch out;
  out.path = compile_path(match, errors);
  for (int i = 0; i < match.headers_size(); ++i) {
    out.headers.push_back(
        errors.take_nested(indexed("headers", i), compile_header_match(match.headers(i))));
  }
  for (int i = 0; i < match.query_parameters_size(); ++i) {
    out.query.push_back(errors.take_nested(indexed("query_parameters", i),
                                           compile_query_match(match.query_parameters(i))));
  }
  if (match.has_runtime_fraction()) {
    out.fraction = compile_runtime_fraction(match.runtime_fraction());
  }
  out.grpc_only = match.has_grpc();
  out.stream = compile_stream_conditions(match, errors);
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace outrigger::xds
