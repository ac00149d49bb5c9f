#include "xds/uri_template.h"

#include <algorithm>
#include <vector>

#include "fmt/format.h"
#include "re2/re2.h"

#include "envoy/extensions/path/match/uri_template/v3/uri_template_match.pb.h"

#include "xds/field_errors.h"
#include "xds/regex.h"
#include "xds/unpack_any.h"

namespace outrigger::xds {
namespace {

using envoy::extensions::path::match::uri_template::v3::UriTemplateMatchConfig;

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
  if (name.empty() || name.size() > kMaxNameLength || (name[0] >= '0' && name[0] <= '9'))
    return false;
  return std::ranges::all_of(name, [](char c) { return is_alphanumeric(c) || c == '_'; });
}

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
      return absl::OkStatus();
    }
    if (rest_.starts_with('*')) return glob();
    size_t size = 0;
    while (size < rest_.size() && is_literal(rest_[size])) ++size;
    if (size == 0) return error(fmt::format("'{}' cannot be in a path template", rest_.front()));
    out_ += RE2::QuoteMeta(re2::StringPiece(rest_.data(), size));
    rest_.remove_prefix(size);
    return absl::OkStatus();
  }

  absl::Status glob() {
    if (had_rest_) return error("'**' must be the last operator");
    bool rest = rest_.starts_with("**");
    had_rest_ = rest;
    out_ += rest ? fmt::format("[{}/]*", kSegment) : fmt::format("[{}]+", kSegment);
    rest_.remove_prefix(rest ? 2 : 1);
    return absl::OkStatus();
  }

  absl::Status variable() {
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
    if (rest_.empty()) return error(fmt::format("variable '{}' has an empty pattern", name));
    while (!rest_.empty()) {
      if (absl::Status status = item(); !status.ok()) return status;
    }
    out_ += ')';
    rest_ = after;
    return absl::OkStatus();
  }

  std::string_view rest_;
  std::string out_;
  std::vector<std::string> names_;
  bool had_rest_ = false;
};

}  // namespace

absl::StatusOr<std::string> uri_template_regex(std::string_view path_template) {
  return Parser(path_template).parse();
}

absl::StatusOr<config::StringMatcher> compile_uri_template(const google::protobuf::Any& any) {
  FieldErrors errors;
  auto message = unpack_any(any);
  if (!message.ok() || (*message)->GetDescriptor() != UriTemplateMatchConfig::descriptor()) {
    errors.add("", fmt::format("the type '{}' is not supported by Outrigger", any.type_url()));
    return errors.status();
  }
  const auto& path_template = static_cast<const UriTemplateMatchConfig&>(**message).path_template();
  auto pattern = uri_template_regex(path_template);
  auto regex =
      pattern.ok() ? compile_regex(*pattern) : absl::StatusOr<config::RegexPtr>(pattern.status());
  if (!regex.ok()) {
    errors.add("path_template",
               fmt::format("'{}': {}", path_template, std::string(regex.status().message())));
    return errors.status();
  }
  config::StringMatcher out;
  out.kind = config::StringMatcher::Kind::regex;
  out.regex = *std::move(regex);
  return out;
}

}  // namespace outrigger::xds
