#include "tools/ctl/describe_match.h"

#include "fmt/format.h"
#include "fmt/ranges.h"

#include "api/config/header_match.h"
#include "proxy/route/query.h"
#include "tools/ctl/describe_stream.h"

namespace outrigger::ctl {
namespace {

using config::HeaderMatch;
using config::PathMatch;
using config::QueryMatch;
using config::RouteMatch;
using http::HeaderId;
using Sentences = std::vector<std::string>;

std::string describe_path(const PathMatch& match) {
  std::string insensitive = match.case_sensitive ? "" : " in any case";
  switch (match.kind) {
    case PathMatch::Kind::prefix:
      return fmt::format("prefix \"{}\"{}", match.text, insensitive);
    case PathMatch::Kind::path:
      return fmt::format("path \"{}\"{}", match.text, insensitive);
    case PathMatch::Kind::path_separated_prefix:
      return fmt::format("path \"{}\" and below it{}", match.text, insensitive);
    case PathMatch::Kind::regex:
      return fmt::format("path by the regular expression \"{}\"", match.regex->pattern());
    case PathMatch::Kind::connect:
      return "CONNECT";
    default:
      return match.text.empty() ? "path by a template"
                                : fmt::format("path by the template \"{}\"", match.text);
  }
}

std::string path_failure(const PathMatch& match, std::string_view path) {
  if (match.kind == PathMatch::Kind::connect) return "the request is no CONNECT";
  if (path.empty()) return "the request has no path";
  std::string_view compared = route::path_only(path);
  switch (match.kind) {
    case PathMatch::Kind::prefix:
      return fmt::format("the path \"{}\" does not begin with \"{}\"", compared, match.text);
    case PathMatch::Kind::path:
      return fmt::format("the path \"{}\" is not \"{}\"", compared, match.text);
    case PathMatch::Kind::path_separated_prefix:
      return fmt::format("the path \"{}\" is neither \"{}\" nor below it", compared, match.text);
    default:
      return fmt::format("the path \"{}\" does not match: {}", compared, describe_path(match));
  }
}

bool path_matches(const PathMatch& match, const config::RouteTable& table,
                  const route::RouteInput& input) {
  RouteMatch alone;
  alone.path = match;
  return route::matches(alone, input, table.ignore_path_parameters);
}

void judge_path(const PathMatch& match, const config::RouteTable& table,
                const route::RouteInput& input, Sentences& out) {
  if (path_matches(match, table, input)) return;
  std::string sentence = path_failure(match, input.headers.get(HeaderId::path));
  PathMatch any_case = match;
  any_case.case_sensitive = false;
  if (match.case_sensitive && path_matches(any_case, table, input))
    sentence += " (upper and lower case differ)";
  out.push_back(std::move(sentence));
}

// What is asked of the header: "be \"a\"", "not be there".
std::string demand(const HeaderMatch& match) {
  std::string_view no = match.invert ? "not " : "";
  switch (match.kind) {
    case HeaderMatch::Kind::present:
      return match.expect_present != match.invert ? "be there" : "not be there";
    case HeaderMatch::Kind::range:
      return fmt::format("{}be a number from {} up to, but not, {}", no, match.range_start,
                         match.range_end);
    default:
      return fmt::format("{}{}", no, describe(match.string));
  }
}

void judge_header(const HeaderMatch& match, const route::RouteInput& input, Sentences& out) {
  if (config::matches(match, input.headers)) return;
  const http::HeaderField* field = input.headers.find(match.name);
  if (field == nullptr) {
    out.push_back(
        fmt::format("there is no header \"{}\", and it has to {}", match.name, demand(match)));
    return;
  }
  std::string_view value = input.headers.get_all(match.name, input.scratch);
  out.push_back(fmt::format("the header \"{}\" is \"{}\", and it has to {}", match.name, value,
                            demand(match)));
}

void judge_query(const QueryMatch& match, const route::RouteInput& input, Sentences& out) {
  std::string_view path = input.headers.get(HeaderId::path);
  if (route::matches(match, path)) return;
  auto value = route::query_value(path, match.name);
  std::string wanted = match.string           ? describe(*match.string)
                       : match.expect_present ? "be there"
                                              : "not be there";
  if (!value) {
    out.push_back(
        fmt::format("there is no query parameter \"{}\", and it has to {}", match.name, wanted));
  } else {
    out.push_back(fmt::format("the query parameter \"{}\" is \"{}\", and it has to {}", match.name,
                              *value, wanted));
  }
}

std::string describe_fraction(const config::RuntimeFraction& fraction) {
  std::string share = fmt::format("{:g} %", fraction.per_million / 10'000.0);
  return fraction.runtime_key.empty()
             ? share
             : fmt::format("{} by the runtime key \"{}\"", share, fraction.runtime_key);
}

void judge_fraction(const config::RuntimeFraction& fraction, const route::RouteInput& input,
                    Sentences& out) {
  bool chosen = input.fractions != nullptr ? input.fractions->chosen(fraction, input.random)
                                           : route::chosen_by_default(fraction, input.random);
  if (chosen) return;
  out.push_back(
      fmt::format("it takes {} of the requests, and the random value {} is not among them",
                  describe_fraction(fraction), input.random));
}

void judge_grpc(const route::RouteInput& input, Sentences& out) {
  RouteMatch alone;
  alone.path.kind = PathMatch::Kind::prefix;
  alone.grpc_only = true;
  if (route::matches(alone, input)) return;
  out.push_back(fmt::format("it takes gRPC only, and the content-type is \"{}\"",
                            input.headers.get(HeaderId::content_type)));
}

}  // namespace

std::string describe(const config::StringMatcher& matcher) {
  using Kind = config::StringMatcher::Kind;
  std::string any_case = matcher.ignore_case ? " in any case" : "";
  switch (matcher.kind) {
    case Kind::exact:
      return fmt::format("be \"{}\"{}", matcher.text, any_case);
    case Kind::prefix:
      return fmt::format("begin with \"{}\"{}", matcher.text, any_case);
    case Kind::suffix:
      return fmt::format("end with \"{}\"{}", matcher.text, any_case);
    case Kind::contains:
      return fmt::format("contain \"{}\"{}", matcher.text, any_case);
    default:
      return matcher.regex == nullptr
                 ? std::string("match")
                 : fmt::format("match the regular expression \"{}\"", matcher.regex->pattern());
  }
}

std::string describe(const config::RouteMatch& match) {
  Sentences parts{describe_path(match.path)};
  for (const HeaderMatch& header : match.headers)
    parts.push_back(fmt::format("header \"{}\"", header.name));
  for (const QueryMatch& query : match.query)
    parts.push_back(fmt::format("query parameter \"{}\"", query.name));
  if (match.fraction) parts.push_back(describe_fraction(*match.fraction));
  if (match.grpc_only) parts.emplace_back("gRPC");
  if (match.stream != nullptr) parts.push_back(describe_stream(*match.stream));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::vector<std::string> failed_conditions(const config::RouteTable& table,
                                           const config::RouteMatch& match,
                                           const route::RouteInput& input) {
  Sentences out;
  judge_path(match.path, table, input, out);
  for (const HeaderMatch& header : match.headers) judge_header(header, input, out);
  for (const QueryMatch& query : match.query) judge_query(query, input, out);
  if (match.grpc_only) judge_grpc(input, out);
  if (match.fraction) judge_fraction(*match.fraction, input, out);
  if (match.stream != nullptr) judge_stream(*match.stream, input.info, out);
  // The whole has the last word: of a condition that has no sentence above, at least this is said.
  if (out.empty() && !route::matches(match, input, table.ignore_path_parameters))
    out.emplace_back("another condition of the route fails");
  return out;
}

}  // namespace outrigger::ctl
