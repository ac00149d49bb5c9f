#include "xds/compile_matcher.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"

#include "xds/field_errors.h"
#include "xds/regex.h"

// Envoy's deprecated fields are in use everywhere, so they work here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::xds {
namespace {

using StringKind = config::StringMatcher::Kind;
using envoy::config::route::v3::HeaderMatcher;
using envoy::config::route::v3::QueryParameterMatcher;
using envoy::type::matcher::v3::StringMatcher;

config::StringMatcher text_matcher(StringKind kind, const std::string& text, bool ignore_case) {
  config::StringMatcher out;
  out.kind = kind;
  out.ignore_case = ignore_case;
  out.text = ignore_case ? absl::AsciiStrToLower(text) : text;
  return out;
}

// The header of that name as the proxy stores it: a request's Host is its :authority.
std::string header_key(const std::string& name) {
  std::string lower = absl::AsciiStrToLower(name);
  return lower == "host" ? ":authority" : lower;
}

void match_string(config::HeaderMatch& out, config::StringMatcher string) {
  out.kind = config::HeaderMatch::Kind::string;
  out.string = std::move(string);
}

void compile_header_condition(const HeaderMatcher& matcher, config::HeaderMatch& out,
                              FieldErrors& errors) {
  switch (matcher.header_match_specifier_case()) {
    case HeaderMatcher::kExactMatch:
      return match_string(out, text_matcher(StringKind::exact, matcher.exact_match(), false));
    case HeaderMatcher::kPrefixMatch:
      return match_string(out, text_matcher(StringKind::prefix, matcher.prefix_match(), false));
    case HeaderMatcher::kSuffixMatch:
      return match_string(out, text_matcher(StringKind::suffix, matcher.suffix_match(), false));
    case HeaderMatcher::kContainsMatch:
      return match_string(out, text_matcher(StringKind::contains, matcher.contains_match(), false));
    case HeaderMatcher::kSafeRegexMatch: {
      config::StringMatcher regex;
      regex.kind = StringKind::regex;
      regex.regex =
          errors.take("safe_regex_match.regex", compile_regex(matcher.safe_regex_match()));
      return match_string(out, std::move(regex));
    }
    case HeaderMatcher::kStringMatch:
      return match_string(
          out, errors.take_nested("string_match", compile_string_matcher(matcher.string_match())));
    case HeaderMatcher::kRangeMatch:
      out.kind = config::HeaderMatch::Kind::range;
      out.range_start = matcher.range_match().start();
      out.range_end = matcher.range_match().end();
      return;
    case HeaderMatcher::kPresentMatch:
      out.kind = config::HeaderMatch::Kind::present;
      out.expect_present = matcher.present_match();
      return;
    default:
      out.kind = config::HeaderMatch::Kind::present;
  }
}

}  // namespace

absl::StatusOr<config::StringMatcher> compile_string_matcher(const StringMatcher& matcher) {
  FieldErrors errors;
  config::StringMatcher out;
  switch (matcher.match_pattern_case()) {
    case StringMatcher::kExact:
      return text_matcher(StringKind::exact, matcher.exact(), matcher.ignore_case());
    case StringMatcher::kPrefix:
      return text_matcher(StringKind::prefix, matcher.prefix(), matcher.ignore_case());
    case StringMatcher::kSuffix:
      return text_matcher(StringKind::suffix, matcher.suffix(), matcher.ignore_case());
    case StringMatcher::kContains:
      return text_matcher(StringKind::contains, matcher.contains(), matcher.ignore_case());
    case StringMatcher::kSafeRegex:
      if (matcher.ignore_case()) errors.add("ignore_case", "has no effect for safe_regex");
      out.kind = StringKind::regex;
      out.regex = errors.take("safe_regex.regex", compile_regex(matcher.safe_regex()));
      break;
    default:
      errors.add("", "has no pattern that is supported");
  }
  if (!errors.empty()) return errors.status();
  return out;
}

absl::StatusOr<config::HeaderMatch> compile_header_match(const HeaderMatcher& matcher) {
  FieldErrors errors;
  config::HeaderMatch out;
  out.name = header_key(matcher.name());
  out.invert = matcher.invert_match();
  out.treat_missing_as_empty = matcher.treat_missing_header_as_empty();
  compile_header_condition(matcher, out, errors);
  if (!errors.empty()) return errors.status();
  return out;
}

absl::StatusOr<config::QueryMatch> compile_query_match(const QueryParameterMatcher& matcher) {
  FieldErrors errors;
  config::QueryMatch out;
  out.name = matcher.name();
  if (matcher.has_string_match()) {
    out.string = errors.take_nested("string_match", compile_string_matcher(matcher.string_match()));
  } else if (matcher.has_present_match()) {
    out.expect_present = matcher.present_match();
  }
  if (!errors.empty()) return errors.status();
  return out;
}

uint32_t per_million(const envoy::type::v3::FractionalPercent& percent) {
  uint64_t scale = 10'000;
  if (percent.denominator() == envoy::type::v3::FractionalPercent::TEN_THOUSAND) scale = 100;
  if (percent.denominator() == envoy::type::v3::FractionalPercent::MILLION) scale = 1;
  return static_cast<uint32_t>(std::min<uint64_t>(percent.numerator() * scale, 1'000'000));
}

config::RuntimeFraction compile_runtime_fraction(
    const envoy::config::core::v3::RuntimeFractionalPercent& fraction) {
  return {per_million(fraction.default_value()), fraction.runtime_key()};
}

}  // namespace outrigger::xds
