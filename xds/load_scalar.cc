#include "xds/load_scalar.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "fmt/format.h"
#include "google/protobuf/util/time_util.h"

namespace outrigger::xds {
namespace {

using Kind = Node::Kind;

// The range of google.protobuf.Duration: about 10,000 years.
constexpr int64_t kMaxDurationSeconds = 315'576'000'000;
constexpr size_t kMaxShownText = 64;

absl::string_view view(std::string_view text) {
  return {text.data(), text.size()};
}

std::string shown(std::string_view text) {
  if (text.size() <= kMaxShownText) return std::string(text);
  return fmt::format("{}...", text.substr(0, kMaxShownText));
}

template <class T>
bool whole(std::string_view text, T& value) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

// Without the white space that the library lets pass.
bool as_double(std::string_view text, double& value) {
  auto space = [](char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); };
  if (text.empty() || space(text.front()) || space(text.back())) return false;
  return absl::SimpleAtod(view(text), &value);
}

// "1e3" and "5.0" are whole numbers too.
template <class T>
bool whole_or_integral(std::string_view text, T& value) {
  if (whole(text, value)) return true;
  double number = 0;
  if (!as_double(text, number) || std::trunc(number) != number) return false;
  // Beyond 2^53 a fraction's digits would be lost silently.
  if (std::abs(number) > 9007199254740992.0 ||
      number < static_cast<double>(std::numeric_limits<T>::min()))
    return false;
  value = static_cast<T>(number);
  return true;
}

bool is_numeric(const Node& node) {
  return node.kind == Kind::number || node.kind == Kind::string;
}

template <class T>
absl::Status out_of_range(const Node& node, T min, T max) {
  return absl::InvalidArgumentError(
      fmt::format("expected a whole number from {} to {}, got {}", min, max, shown(node.text())));
}

bool same_enum_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    char c = a[i] == '-' ? '_' : absl::ascii_toupper(static_cast<unsigned char>(a[i]));
    // The names themselves are not all in capitals: TLSv1_3.
    if (c != absl::ascii_toupper(static_cast<unsigned char>(b[i]))) return false;
  }
  return true;
}

}  // namespace

absl::Status expected(const char* what, const Node& node) {
  std::string got = node.kind_name();
  if (node.kind == Kind::string || node.kind == Kind::number || node.kind == Kind::boolean) {
    got += fmt::format(" ({})", shown(node.text()));
  }
  return absl::InvalidArgumentError(fmt::format("expected {}, got {}", what, got));
}

absl::StatusOr<bool> load_bool(const Node& node) {
  if (node.kind == Kind::boolean || node.kind == Kind::string) {
    if (node.text() == "true") return true;
    if (node.text() == "false") return false;
  }
  return expected("a boolean", node);
}

absl::StatusOr<int64_t> load_signed(const Node& node, int64_t min, int64_t max) {
  int64_t value = 0;
  if (!is_numeric(node)) return expected("a whole number", node);
  if (!whole_or_integral(node.text(), value)) return expected("a whole number", node);
  if (value < min || value > max) return out_of_range(node, min, max);
  return value;
}

absl::StatusOr<uint64_t> load_unsigned(const Node& node, uint64_t max) {
  uint64_t value = 0;
  if (!is_numeric(node)) return expected("a whole number", node);
  if (!whole_or_integral(node.text(), value)) {
    int64_t negative = 0;
    if (whole(node.text(), negative)) return out_of_range<uint64_t>(node, 0, max);
    return expected("a whole number", node);
  }
  if (value > max) return out_of_range<uint64_t>(node, 0, max);
  return value;
}

absl::StatusOr<double> load_double(const Node& node) {
  if (!is_numeric(node)) return expected("a number", node);
  std::string_view text = node.text();
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  double value = 0;
  if (!as_double(text, value) || !std::isfinite(value)) return expected("a number", node);
  return value;
}

absl::StatusOr<std::string> load_string(const Node& node) {
  if (node.kind != Kind::string) return expected("a string", node);
  return std::string(node.text());
}

absl::StatusOr<std::string> load_bytes(const Node& node) {
  std::string bytes;
  if (node.kind != Kind::string) return expected("octets in base64", node);
  if (absl::Base64Unescape(view(node.text()), &bytes) ||
      absl::WebSafeBase64Unescape(view(node.text()), &bytes)) {
    return bytes;
  }
  return expected("octets in base64", node);
}

absl::StatusOr<int> load_enum(const Node& node, const google::protobuf::EnumDescriptor& type) {
  if (node.kind == Kind::string) {
    for (int i = 0; i < type.value_count(); ++i) {
      if (same_enum_name(node.text(), type.value(i)->name())) return type.value(i)->number();
    }
  }
  int32_t number = 0;
  if (is_numeric(node) && whole(node.text(), number)) return number;
  if (!is_numeric(node)) return expected("an enum's value", node);
  std::string known;
  for (int i = 0; i < type.value_count(); ++i) {
    if (i > 0) known += ", ";
    known += type.value(i)->name();
  }
  return absl::InvalidArgumentError(
      fmt::format("'{}' is not one of {}", shown(node.text()), known));
}

absl::StatusOr<google::protobuf::Duration> load_duration(const Node& node) {
  absl::Status wrong = expected("a duration like \"1.5s\"", node);
  std::string_view text = node.text();
  if (node.kind != Kind::string || text.size() < 2 || text.back() != 's') return wrong;
  text.remove_suffix(1);
  bool negative = text.front() == '-';
  if (negative) text.remove_prefix(1);
  size_t dot = text.find('.');
  std::string_view fraction =
      dot == std::string_view::npos ? std::string_view() : text.substr(dot + 1);
  int64_t seconds = 0;
  int32_t nanos = 0;
  std::string_view digits = text.substr(0, dot);
  if (digits.empty() || !absl::ascii_isdigit(static_cast<unsigned char>(digits.front())) ||
      !whole(digits, seconds))
    return wrong;
  if (dot != std::string_view::npos) {
    std::string padded(fraction);
    if (padded.empty() || padded.size() > 9 ||
        !absl::ascii_isdigit(static_cast<unsigned char>(padded.front())))
      return wrong;
    padded.resize(9, '0');
    if (!whole(padded, nanos)) return wrong;
  }
  if (seconds > kMaxDurationSeconds) return wrong;
  google::protobuf::Duration duration;
  duration.set_seconds(negative ? -seconds : seconds);
  duration.set_nanos(negative ? -nanos : nanos);
  return duration;
}

absl::StatusOr<google::protobuf::Timestamp> load_timestamp(const Node& node) {
  google::protobuf::Timestamp timestamp;
  if (node.kind == Kind::string &&
      google::protobuf::util::TimeUtil::FromString(std::string(node.text()), &timestamp)) {
    return timestamp;
  }
  return expected("a time like \"2025-01-31T12:00:00Z\"", node);
}

}  // namespace outrigger::xds
