#include "tools/ctl/compare_headers.h"

#include "absl/strings/ascii.h"
#include "fmt/format.h"

#include "api/config/header_match.h"

// Envoy's deprecated fields are in use everywhere, so they work here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::ctl {
namespace {

using envoy::config::route::v3::HeaderMatcher;
using envoy::type::matcher::v3::StringMatcher;

std::string pattern_name(const StringMatcher& matcher) {
  const auto* set = matcher.GetReflection()->GetOneofFieldDescriptor(
      matcher, StringMatcher::descriptor()->FindOneofByName("match_pattern"));
  return set == nullptr ? "match_pattern_not_set" : set->name();
}

// "string_match.exact", "range_match"; what says nothing asks for presence.
std::string matcher_name(const HeaderMatcher& matcher) {
  const auto* set = matcher.GetReflection()->GetOneofFieldDescriptor(
      matcher, HeaderMatcher::descriptor()->FindOneofByName("header_match_specifier"));
  if (set == nullptr) return "present_match";
  if (matcher.has_string_match()) return "string_match." + pattern_name(matcher.string_match());
  return set->name();
}

bool asks_for_presence(const HeaderMatcher& matcher) {
  return matcher.header_match_specifier_case() == HeaderMatcher::kPresentMatch ||
         matcher.header_match_specifier_case() == HeaderMatcher::HEADER_MATCH_SPECIFIER_NOT_SET;
}

std::string failure_text(const HeaderMatcher& matcher, const http::HeaderField* field,
                         std::string_view list) {
  std::string type = fmt::format("{}.{}", list, matcher_name(matcher));
  std::string actual =
      fmt::format("{}: {}", matcher.name(), field == nullptr ? "NULL" : field->value);
  if (asks_for_presence(matcher)) {
    bool inverted = matcher.invert_match();
    return mismatch_text(fmt::format("has({}):{}", matcher.name(), !inverted),
                         fmt::format("has({}):{}", matcher.name(), inverted), type);
  }
  if (matcher.has_string_match() && matcher.string_match().has_exact()) {
    return mismatch_text(fmt::format("{}: {}", matcher.name(), matcher.string_match().exact()),
                         actual, type, matcher.invert_match());
  }
  return fmt::format("actual: [{}], test type: {}", actual, type);
}

void compare_matches(const std::vector<HeaderExpectation>& expectations,
                     const http::HeaderMap& headers, bool response, TestResult& result) {
  for (const HeaderExpectation& expectation : expectations) {
    if (config::matches(expectation.match, headers)) continue;
    const http::HeaderField* field =
        headers.find(std::string_view(absl::AsciiStrToLower(expectation.message.name())));
    result.failures.push_back(
        failure_text(expectation.message, field,
                     response ? "response_header_matches" : "request_header_matches"));
    result.header_mismatches.push_back(
        {response, expectation.message, field == nullptr ? "" : std::string(field->value)});
  }
}

void compare_fields(const std::vector<HeaderText>& fields, const http::HeaderMap& headers,
                    const char* type, TestResult& result) {
  for (const HeaderText& expected : fields) {
    std::string actual(headers.get(expected.name));
    if (actual == expected.value) continue;
    result.failures.push_back(mismatch_text(expected.value, actual, type));
    result.mismatches.push_back({type, expected.value, actual});
  }
}

}  // namespace

std::string mismatch_text(std::string_view expected, std::string_view actual, std::string_view type,
                          bool inverted) {
  return fmt::format("expected: [{}], actual: {}[{}], test type: {}", expected,
                     inverted ? "NOT " : "", actual, type);
}

void compare_headers(const Expectations& expect, const Request& request, TestResult& result) {
  compare_matches(expect.request_headers, request.headers(), false, result);
  compare_fields(expect.request_fields, request.headers(), "request_header_fields", result);
  compare_matches(expect.response_headers, request.response(), true, result);
  compare_fields(expect.response_fields, request.response(), "response_header_fields", result);
}

}  // namespace outrigger::ctl
