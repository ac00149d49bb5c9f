#include "xds/compile_substitution.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "xds/compile_substitution_commands.h"

namespace outrigger::xds {
namespace {

using config::LogCommand;
using config::LogField;
using config::SubstitutionFormat;

bool is_name_char(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

class Parser {
 public:
  Parser(std::string_view format, const Formatters& formatters)
      : format_(format), formatters_(formatters) {}

  absl::StatusOr<SubstitutionFormat> parse() {
    while (at_ < format_.size()) {
      if (format_[at_] != '%') {
        literal_ += format_[at_++];
      } else if (format_.substr(at_).starts_with("%%")) {
        literal_ += '%';
        at_ += 2;
      } else if (absl::Status status = command(); !status.ok()) {
        return status;
      }
    }
    flush_literal();
    return std::move(out_);
  }

 private:
  // At the opening "%".
  absl::Status command() {
    size_t start = at_++;
    CommandText text;
    std::optional<uint32_t> max_length;
    text.name = name();
    if (text.name.empty() || !parameters(text.parameters) || !length(max_length) || !skip('%')) {
      return absl::InvalidArgumentError(
          fmt::format("no valid command at position {} of '{}'", start, format_));
    }
    text.has_length = max_length.has_value();
    auto compiled = compile_command(text);
    if (!compiled.ok()) return compiled.status();
    if (compiled->field == LogField::request_without_query && !formatters_.req_without_query) {
      return absl::InvalidArgumentError(
          "command %REQ_WITHOUT_QUERY% needs the formatter envoy.formatter.req_without_query");
    }
    compiled->max_length = max_length;
    flush_literal();
    out_.push_back(*std::move(compiled));
    return absl::OkStatus();
  }

  std::string_view name() {
    size_t start = at_;
    while (at_ < format_.size() && is_name_char(format_[at_])) ++at_;
    return format_.substr(start, at_ - start);
  }

  // "(...)", which may be missing; false when it does not end.
  bool parameters(std::string_view& out) {
    if (!skip('(')) return true;
    size_t end = format_.find_first_of(")\n", at_);
    if (end == std::string_view::npos || format_[end] != ')') return false;
    out = format_.substr(at_, end - at_);
    at_ = end + 1;
    return true;
  }

  // ":123", which may be missing; false when it is no 32-bit number.
  bool length(std::optional<uint32_t>& out) {
    if (!skip(':')) return true;
    uint64_t value = 0;
    size_t start = at_;
    for (; at_ < format_.size() && format_[at_] >= '0' && format_[at_] <= '9'; ++at_) {
      value = value * 10 + static_cast<uint64_t>(format_[at_] - '0');
      if (value > UINT32_MAX) return false;
    }
    if (at_ == start) return false;
    out = static_cast<uint32_t>(value);
    return true;
  }

  bool skip(char c) {
    if (at_ >= format_.size() || format_[at_] != c) return false;
    ++at_;
    return true;
  }

  void flush_literal() {
    if (literal_.empty()) return;
    LogCommand literal;
    literal.text = std::exchange(literal_, {});
    out_.push_back(std::move(literal));
  }

  std::string_view format_;
  const Formatters& formatters_;
  size_t at_ = 0;
  std::string literal_;
  SubstitutionFormat out_;
};

}  // namespace

absl::StatusOr<SubstitutionFormat> compile_substitution(std::string_view format,
                                                        const Formatters& formatters) {
  return Parser(format, formatters).parse();
}

std::string_view default_log_format() {
  return "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" "
         "%RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% "
         "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% \"%REQ(X-FORWARDED-FOR)%\" \"%REQ(USER-AGENT)%\" "
         "\"%REQ(X-REQUEST-ID)%\" \"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\"\n";
}

}  // namespace outrigger::xds
