#include <string_view>
#include <utility>

#include "xds/compile_matcher.h"
#include "xds/compile_route_parts.h"
#include "xds/regex.h"

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
    case RouteMatch::kConnectMatcher:
      out.kind = Kind::connect;
      break;
    default:
      errors.add("", "has no path condition that is supported");
  }
  return out;
}

}  // namespace

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
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace outrigger::xds
