#include "xds/field_errors.h"

#include <fmt/format.h>

namespace outrigger::xds {
namespace {

std::string_view message_of(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

}  // namespace

void FieldErrors::line(std::string_view text) {
  if (!text_.empty()) text_ += '\n';
  text_ += text;
}

void FieldErrors::add(std::string_view field, std::string_view problem) {
  line(fmt::format("{}: {}", field, problem));
}

void FieldErrors::add(std::string_view field, const absl::Status& status) {
  if (!status.ok()) add(field, message_of(status));
}

void FieldErrors::add_nested(std::string_view field, const absl::Status& status) {
  if (status.ok()) return;
  std::string_view lines = message_of(status);
  for (;;) {
    size_t end = lines.find('\n');
    std::string_view inner = lines.substr(0, end);
    // ": problem" speaks of the inner message itself, not of a field of it.
    bool whole = inner.starts_with(':') || inner.starts_with('[');
    line(fmt::format("{}{}{}", field, whole || field.empty() ? "" : ".", inner));
    if (end == std::string_view::npos) return;
    lines.remove_prefix(end + 1);
  }
}

absl::Status FieldErrors::status() const {
  return text_.empty() ? absl::OkStatus() : absl::InvalidArgumentError(text_);
}

std::string indexed(std::string_view field, int index) {
  return fmt::format("{}[{}]", field, index);
}

}  // namespace outrigger::xds
