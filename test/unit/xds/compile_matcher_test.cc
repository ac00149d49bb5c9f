#include "xds/compile_matcher.h"

#include <string>

#include "google/protobuf/util/json_util.h"
#include <gtest/gtest.h>

#include "xds/compile_header_mutation.h"
#include "xds/regex.h"

namespace outrigger::xds {
namespace {

template <class Message>
Message message(const std::string& json) {
  Message out;
  auto parsed = google::protobuf::util::JsonStringToMessage(json, &out);
  EXPECT_TRUE(parsed.ok()) << std::string(parsed.message());
  return out;
}

absl::StatusOr<config::StringMatcher> string_matcher(const std::string& json) {
  return compile_string_matcher(message<envoy::type::matcher::v3::StringMatcher>(json));
}

absl::StatusOr<config::HeaderMatch> header_match(const std::string& json) {
  return compile_header_match(message<envoy::config::route::v3::HeaderMatcher>(json));
}

absl::StatusOr<config::HeaderAddition> addition(const std::string& json) {
  return compile_header_addition(message<envoy::config::core::v3::HeaderValueOption>(json));
}

TEST(CompileStringMatcher, EveryKind) {
  EXPECT_TRUE(string_matcher(R"({"exact": "Ab", "ignore_case": true})")->matches("aB"));
  EXPECT_FALSE(string_matcher(R"({"exact": "Ab"})")->matches("ab"));
  EXPECT_TRUE(string_matcher(R"({"prefix": "a"})")->matches("ab"));
  EXPECT_TRUE(string_matcher(R"({"suffix": "B", "ignore_case": true})")->matches("ab"));
  EXPECT_TRUE(string_matcher(R"({"contains": "b"})")->matches("abc"));
  EXPECT_TRUE(string_matcher(R"({"safe_regex": {"regex": "a+"}})")->matches("aa"));
  EXPECT_FALSE(string_matcher(R"({"safe_regex": {"regex": "a+"}})")->matches("aab"));
}

TEST(CompileStringMatcher, RefusesABadPatternAndCaseWithARegex) {
  EXPECT_FALSE(string_matcher(R"({"safe_regex": {"regex": "("}})").ok());
  EXPECT_FALSE(string_matcher(R"({"safe_regex": {"regex": "a"}, "ignore_case": true})").ok());
  EXPECT_FALSE(string_matcher("{}").ok());
}

TEST(CompileHeaderMatch, OldAndNewFormsAreTheSame) {
  for (const char* json : {R"({"name": "X-A", "exact_match": "v"})",
                           R"({"name": "x-a", "string_match": {"exact": "v"}})"}) {
    auto match = header_match(json);
    ASSERT_TRUE(match.ok());
    EXPECT_EQ(match->name, "x-a");
    EXPECT_EQ(match->kind, config::HeaderMatch::Kind::string);
    EXPECT_EQ(match->string.text, "v");
  }
  EXPECT_TRUE(header_match(R"({"name": "a", "prefix_match": "v"})")->string.matches("vw"));
  EXPECT_TRUE(header_match(R"({"name": "a", "suffix_match": "w"})")->string.matches("vw"));
  EXPECT_TRUE(header_match(R"({"name": "a", "contains_match": "v"})")->string.matches("uvw"));
  EXPECT_TRUE(
      header_match(R"({"name": "a", "safe_regex_match": {"regex": "v."}})")->string.matches("vw"));
}

TEST(CompileHeaderMatch, PresenceRangeAndFlags) {
  auto present = header_match(R"({"name": "a", "present_match": false, "invert_match": true})");
  EXPECT_EQ(present->kind, config::HeaderMatch::Kind::present);
  EXPECT_FALSE(present->expect_present);
  EXPECT_TRUE(present->invert);
  auto range = header_match(
      R"({"name": "a", "range_match": {"start": -1, "end": 5}, "treat_missing_header_as_empty": true})");
  EXPECT_EQ(range->range_start, -1);
  EXPECT_EQ(range->range_end, 5);
  EXPECT_TRUE(range->treat_missing_as_empty);
  EXPECT_EQ(header_match(R"({"name": "a"})")->kind, config::HeaderMatch::Kind::present);
}

TEST(CompileHeaderMatch, TheHostOfARequestIsItsAuthority) {
  EXPECT_EQ(header_match(R"({"name": "Host", "exact_match": "h"})")->name, ":authority");
}

TEST(CompileFraction, OfAMillion) {
  using envoy::type::v3::FractionalPercent;
  EXPECT_EQ(per_million(message<FractionalPercent>(R"({"numerator": 7})")), 70'000u);
  EXPECT_EQ(
      per_million(message<FractionalPercent>(R"({"numerator": 7, "denominator": "TEN_THOUSAND"})")),
      700u);
  EXPECT_EQ(
      per_million(message<FractionalPercent>(R"({"numerator": 7, "denominator": "MILLION"})")), 7u);
  EXPECT_EQ(per_million(message<FractionalPercent>(R"({"numerator": 101})")), 1'000'000u);
}

TEST(CompileRegexRewrite, ReplacesWithGroups) {
  auto rewrite = compile_regex_rewrite(message<envoy::type::matcher::v3::RegexMatchAndSubstitute>(
      R"({"pattern": {"regex": "^/([a-z]+)/(.*)$"}, "substitution": "/\\2/\\1"})"));
  ASSERT_TRUE(rewrite.ok());
  EXPECT_EQ(rewrite->regex->replace_all("/ab/cd/e", rewrite->substitution), "/cd/e/ab");
}

TEST(CompileHeaderAddition, Actions) {
  using Action = config::HeaderAddition::Action;
  EXPECT_EQ(addition(R"({"header": {"key": "X", "value": "v"}})")->action,
            Action::append_if_exists_or_add);
  EXPECT_EQ(addition(R"({"header": {"key": "X"}, "append": false})")->action,
            Action::overwrite_if_exists_or_add);
  EXPECT_EQ(addition(R"({"header": {"key": "X"}, "append_action": "OVERWRITE_IF_EXISTS"})")->action,
            Action::overwrite_if_exists);
  EXPECT_EQ(addition(R"({"header": {"key": "X"}, "append_action": "ADD_IF_ABSENT"})")->action,
            Action::add_if_absent);
  EXPECT_TRUE(addition(R"({"header": {"key": "X"}, "keep_empty_value": true})")->keep_empty_value);
}

TEST(CompileHeaderAddition, RefusesWhatRoutesRewriteOtherwise) {
  for (const char* json :
       {R"({"header": {"key": ":path", "value": "/"}})",
        R"({"header": {"key": "Host", "value": "h"}})", R"({"header": {"key": "x", "value": "%"}})",
        R"({"header": {"key": "x"}, "append": true, "append_action": "ADD_IF_ABSENT"})"}) {
    EXPECT_FALSE(addition(json).ok()) << json;
  }
}

}  // namespace
}  // namespace outrigger::xds
