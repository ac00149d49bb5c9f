#include "xds/uri_template.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "re2/re2.h"

#include "envoy/extensions/path/match/uri_template/v3/uri_template_match.pb.h"
#include "envoy/extensions/path/rewrite/uri_template/v3/uri_template_rewrite.pb.h"

#include "xds/field_errors.h"
#include "xds/regex.h"
#include "xds/unpack_any.h"

namespace outrigger::xds {
namespace {

using envoy::extensions::path::match::uri_template::v3::UriTemplateMatchConfig;
using envoy::extensions::path::rewrite::uri_template::v3::UriTemplateRewriteConfig;

// Envoy's limits.
constexpr size_t kMaxVariables = 5;
constexpr size_t kMaxNameLength = 16;

// What may be in a path (RFC 3986), without the star.
constexpr std::string_view kSegment = "a-zA-Z0-9\\-._~%!$&'()+,;:@=";
constexpr std::string_view kPunctuation = "-._~%!$&'()+,;:@=";

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_literal(char c) {
  return is_alphanumeric(c) || kPunctuation.find(c) != std::string_view::npos;
}

bool is_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameLength || name[0] == '_' ||
      (name[0] >= '0' && name[0] <= '9'))
    return false;
  return std::ranges::all_of(name, [](char c) { return is_alphanumeric(c) || c == '_'; });
}

// A segment is an operator, a variable or literal characters, or a variable between such; an
// operator may have them behind it at the template's end ("/*.m3u8").
class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  absl::StatusOr<std::string> parse() {
    if (!rest_.starts_with('/')) return error("must begin with '/'");
    while (!rest_.empty()) {
      absl::Status status = rest_.front() == '{' ? variable() : item();
      if (!status.ok()) return status;
    }
    return out_;
  }

 private:
  absl::Status error(std::string_view text) const {
    return absl::InvalidArgumentError(std::string(text));
  }

  // A slash, an operator or literal characters.
  absl::Status item() {
    if (rest_.starts_with('/')) {
      if (rest_.starts_with("//")) return error("has an empty segment");
      out_ += '/';
      rest_.remove_prefix(1);
      last_ = Last::slash;
      variable_in_segment_ = false;
      return absl::OkStatus();
    }
    if (rest_.starts_with('*')) return glob();
    size_t size = 0;
    while (size < rest_.size() && is_literal(rest_[size])) ++size;
    if (size == 0) return error(fmt::format("'{}' cannot be in a path template", rest_.front()));
    if (last_ == Last::glob && (in_variable_ || size != rest_.size()))
      return error("has more behind an operator of a segment");
    out_ += RE2::QuoteMeta(re2::StringPiece(rest_.data(), size));
    rest_.remove_prefix(size);
    last_ = Last::literal;
    return absl::OkStatus();
  }

  absl::Status glob() {
    if (had_rest_) return error("'**' must be the last operator");
    if (last_ != Last::slash) return error("has an operator that does not begin its segment");
    last_ = Last::glob;
    bool rest = rest_.starts_with("**");
    had_rest_ = rest;
    out_ += rest ? fmt::format("[{}/]*", kSegment) : fmt::format("[{}]+", kSegment);
    rest_.remove_prefix(rest ? 2 : 1);
    return absl::OkStatus();
  }

  absl::Status variable() {
    if (last_ == Last::glob || variable_in_segment_)
      return error("has more than one operator or variable in a segment");
    variable_in_segment_ = true;
    size_t end = rest_.find('}');
    if (end == std::string_view::npos) return error("has a '{' without its '}'");
    std::string_view inside = rest_.substr(1, end - 1);
    std::string_view after = rest_.substr(end + 1);
    size_t equals = inside.find('=');
    std::string name(inside.substr(0, equals));
    if (!is_name(name)) return error(fmt::format("'{}' is no name of a variable", name));
    if (std::ranges::count(names_, name) > 0) return error(fmt::format("has '{}' twice", name));
    names_.push_back(name);
    if (names_.size() > kMaxVariables)
      return error(fmt::format("has more than {} variables", kMaxVariables));
    out_ += fmt::format("(?P<{}>", name);
    rest_ = equals == std::string_view::npos ? "*" : inside.substr(equals + 1);
    if (rest_.empty() || rest_.starts_with('/') || rest_.ends_with('/'))
      return error(fmt::format("variable '{}' has no pattern of whole segments", name));
    in_variable_ = true;
    last_ = Last::slash;
    while (!rest_.empty()) {
      if (absl::Status status = item(); !status.ok()) return status;
    }
    in_variable_ = false;
    variable_in_segment_ = true;
    last_ = Last::literal;
    out_ += ')';
    rest_ = after;
    return absl::OkStatus();
  }

  enum class Last : uint8_t {
    slash,
    literal,  // or a variable
    glob
  };

  std::string_view rest_;
  std::string out_;
  std::vector<std::string> names_;
  bool had_rest_ = false;
  bool in_variable_ = false;
  bool variable_in_segment_ = false;
  Last last_ = Last::slash;
};

}  // namespace

absl::StatusOr<std::string> uri_template_regex(std::string_view path_template) {
  return Parser(path_template).parse();
}

namespace {

template <class Message>
absl::StatusOr<Message> unpack_as(const google::protobuf::Any& any) {
  auto message = unpack_any(any);
  if (message.ok() && (*message)->GetDescriptor() == Message::descriptor())
    return static_cast<const Message&>(**message);
  FieldErrors errors;
  errors.add("", fmt::format("the type '{}' is not supported by Outrigger", any.type_url()));
  return errors.status();
}

// A literal may have what a template's may, slashes, and stars that mean themselves.
absl::StatusOr<std::string> literal(std::string_view text) {
  for (char c : text) {
    if (!is_literal(c) && c != '/' && c != '*')
      return absl::InvalidArgumentError(fmt::format("'{}' cannot be in a rewritten path", c));
  }
  return std::string(text);
}

// The rewrite as a substitution: "{name}" becomes "\1", its group in `regex`.
absl::StatusOr<std::string> substitution_of(std::string_view rewrite, const RE2& regex) {
  if (!rewrite.starts_with('/')) return absl::InvalidArgumentError("must begin with '/'");
  if (rewrite.find("//") != std::string_view::npos)
    return absl::InvalidArgumentError("has an empty segment");
  std::string out;
  while (!rewrite.empty()) {
    size_t open = std::min(rewrite.find('{'), rewrite.size());
    auto text = literal(rewrite.substr(0, open));
    if (!text.ok()) return text.status();
    out += *text;
    rewrite.remove_prefix(open);
    if (rewrite.empty()) break;
    size_t close = rewrite.find('}');
    if (close == std::string_view::npos)
      return absl::InvalidArgumentError("has a '{' without its '}'");
    std::string name(rewrite.substr(1, close - 1));
    auto group = regex.NamedCapturingGroups().find(name);
    if (group == regex.NamedCapturingGroups().end())
      return absl::InvalidArgumentError(
          fmt::format("'{}' is no variable of the path_match_policy", name));
    out += fmt::format("\\{}", group->second);
    rewrite.remove_prefix(close + 1);
  }
  return out;
}

}  // namespace

absl::StatusOr<config::StringMatcher> compile_uri_template(const google::protobuf::Any& any) {
  auto message = unpack_as<UriTemplateMatchConfig>(any);
  if (!message.ok()) return message.status();
  const std::string& path_template = message->path_template();
  auto pattern = uri_template_regex(path_template);
  auto regex =
      pattern.ok() ? compile_regex(*pattern) : absl::StatusOr<config::RegexPtr>(pattern.status());
  if (!regex.ok()) {
    FieldErrors errors;
    errors.add("path_template",
               fmt::format("'{}': {}", path_template, std::string(regex.status().message())));
    return errors.status();
  }
  config::StringMatcher out;
  out.kind = config::StringMatcher::Kind::regex;
  out.regex = *std::move(regex);
  return out;
}

absl::StatusOr<config::RegexRewrite> compile_uri_template_rewrite(
    const google::protobuf::Any& rewrite, const google::protobuf::Any& match) {
  auto message = unpack_as<UriTemplateRewriteConfig>(rewrite);
  if (!message.ok()) return message.status();
  auto matched = compile_uri_template(match);
  if (!matched.ok()) return absl::InvalidArgumentError("needs a path_match_policy that is valid");
  // Replaced as a whole or, where a filter has changed the path meanwhile, not at all.
  std::string whole = fmt::format("^{}$", matched->regex->pattern());
  auto substitution = substitution_of(message->path_template_rewrite(), RE2(whole));
  auto regex = compile_regex(whole);
  if (substitution.ok() && regex.ok()) {
    config::RegexRewrite out;
    out.regex = *std::move(regex);
    out.substitution = *std::move(substitution);
    return out;
  }
  FieldErrors errors;
  const absl::Status& problem = substitution.ok() ? regex.status() : substitution.status();
  errors.add("path_template_rewrite", fmt::format("'{}': {}", message->path_template_rewrite(),
                                                  std::string(problem.message())));
  return errors.status();
}

}  // namespace outrigger::xds
