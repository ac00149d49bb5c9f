#include "xds/regex.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <re2/re2.h>
#include <re2/set.h>

#include "xds/field_errors.h"

namespace outrigger::xds {
namespace {

re2::StringPiece piece(std::string_view text) {
  return {text.data(), text.size()};
}

class Re2Regex final : public config::Regex {
 public:
  explicit Re2Regex(std::string_view pattern)
      : pattern_(pattern), regex_(piece(pattern), RE2::Quiet) {}

  const RE2& re2() const { return regex_; }
  bool full_match(std::string_view subject) const override {
    return RE2::FullMatch(piece(subject), regex_);
  }
  std::string replace_all(std::string_view subject, std::string_view substitution) const override {
    std::string text(subject);
    RE2::GlobalReplace(&text, regex_, piece(substitution));
    return text;
  }
  const std::string& pattern() const override { return pattern_; }

 private:
  std::string pattern_;
  RE2 regex_;
};

// Each search may take memory up to the options' limit for its automaton; what does not fit is for
// the caller to ask one by one.
class Re2RegexSet final : public config::RegexSet {
 public:
  explicit Re2RegexSet(const std::vector<std::string_view>& patterns)
      : set_(RE2::Quiet, RE2::ANCHOR_BOTH) {
    for (std::string_view pattern : patterns) complete_ &= set_.Add(piece(pattern), nullptr) >= 0;
    complete_ = complete_ && set_.Compile();
  }

  bool complete() const { return complete_; }
  std::optional<std::span<const int>> match(std::string_view subject) const override {
    thread_local std::vector<int> found;
    found.clear();
    RE2::Set::ErrorInfo error{RE2::Set::kNoError};
    bool matched = set_.Match(piece(subject), &found, &error);
    if (!matched && error.kind != RE2::Set::kNoError) return std::nullopt;
    std::sort(found.begin(), found.end());
    return std::span<const int>(found);
  }

 private:
  RE2::Set set_;
  bool complete_ = true;
};

absl::StatusOr<std::shared_ptr<const Re2Regex>> compile(std::string_view pattern) {
  auto regex = std::make_shared<const Re2Regex>(pattern);
  if (!regex->re2().ok()) {
    return absl::InvalidArgumentError(
        fmt::format("bad regular expression '{}': {}", pattern, regex->re2().error()));
  }
  return regex;
}

}  // namespace

absl::StatusOr<config::RegexPtr> compile_regex(std::string_view pattern) {
  auto regex = compile(pattern);
  if (!regex.ok()) return regex.status();
  return config::RegexPtr(*std::move(regex));
}

absl::StatusOr<config::RegexPtr> compile_regex(
    const envoy::type::matcher::v3::RegexMatcher& matcher) {
  return compile_regex(matcher.regex());
}

std::shared_ptr<const config::RegexSet> make_regex_set(
    const std::vector<std::string_view>& patterns) {
  auto set = std::make_shared<const Re2RegexSet>(patterns);
  return set->complete() ? set : nullptr;
}

absl::StatusOr<config::RegexRewrite> compile_regex_rewrite(
    const envoy::type::matcher::v3::RegexMatchAndSubstitute& rewrite) {
  FieldErrors errors;
  auto regex = compile(rewrite.pattern().regex());
  if (!regex.ok()) {
    errors.add("pattern.regex", regex.status());
    return errors.status();
  }
  std::string problem;
  if (!(*regex)->re2().CheckRewriteString(piece(rewrite.substitution()), &problem)) {
    errors.add("substitution", problem);
    return errors.status();
  }
  return config::RegexRewrite{*std::move(regex), rewrite.substitution()};
}

}  // namespace outrigger::xds
