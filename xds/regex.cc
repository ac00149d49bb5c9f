#include "xds/regex.h"

#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <re2/re2.h>

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
