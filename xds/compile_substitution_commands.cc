#include "xds/compile_substitution_commands.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include <fmt/format.h>

#include "xds/compile_substitution_table.h"

namespace outrigger::xds {
namespace {

using config::LogCommand;
using config::LogField;
using config::LogMetadata;
using config::LogTls;

absl::Status error(std::string text) {
  return absl::InvalidArgumentError(text);
}

absl::Status unknown_command(std::string_view name) {
  bool known = is_unsupported_command(name);
  return error(fmt::format("command %{}% is {}", name, known ? "not supported" : "unknown"));
}

absl::Status unknown_option(const CommandText& text, std::string_view allowed) {
  return error(
      fmt::format("command %{}%: '{}' is none of {}", text.name, text.parameters, allowed));
}

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

bool is_header_name(std::string_view name) {
  if (name.starts_with(':')) name.remove_prefix(1);
  return std::ranges::all_of(name, [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

absl::Status set_header(const CommandText& text, LogCommand& out) {
  std::string lower(text.parameters);
  absl::AsciiStrToLower(&lower);
  size_t question = lower.find('?');
  out.text = lower.substr(0, question);
  if (question != std::string::npos) out.alternative = lower.substr(question + 1);
  if (out.alternative.find('?') != std::string::npos) {
    return error(fmt::format("command %{}%: more than one alternative header in '{}'", text.name,
                             text.parameters));
  }
  if (!is_header_name(out.text) || !is_header_name(out.alternative)) {
    return error(
        fmt::format("command %{}%: '{}' is not a header's name", text.name, text.parameters));
  }
  // A request's Host is its :authority.
  if (out.field == LogField::request_header) {
    if (out.text == "host") out.text = ":authority";
    if (out.alternative == "host") out.alternative = ":authority";
  }
  return absl::OkStatus();
}

// Moments that are not Envoy's are names that a filter may give; such a duration is absent.
absl::Status check_duration(const CommandText& text) {
  std::string_view rest = text.parameters;
  std::array<std::string_view, 3> parts = {"", "", "ms"};
  for (size_t i = 0;; ++i) {
    if (i == parts.size()) return unknown_option(text, "START:END and START:END:PRECISION");
    size_t colon = rest.find(':');
    parts[i] = rest.substr(0, colon);
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
  }
  if (parts[0].empty() || parts[1].empty()) {
    return unknown_option(text, "START:END and START:END:PRECISION");
  }
  if (!one_of(parts[2], {"ms", "us", "ns"})) return unknown_option(text, "ms, us and ns");
  return absl::OkStatus();
}

// A format whose %n would end the line, or a header's value.
absl::Status check_time_format(const CommandText& text) {
  constexpr std::string_view kFlags = "-_0^#123456789EO";
  std::string_view format = text.parameters;
  for (size_t at = format.find('%'); at != std::string_view::npos; at = format.find('%', at + 2)) {
    size_t letter = format.find_first_not_of(kFlags, at + 1);
    if (letter != std::string_view::npos && format[letter] == 'n') {
      return error(
          fmt::format("command %{}%: the format '{}' has a line break", text.name, format));
    }
    if (at + 2 > format.size()) break;
  }
  return absl::OkStatus();
}

// What is no number means no prefix, as in Envoy.
void set_prefix(const CommandText& text, LogCommand& out) {
  uint32_t bits = 0;
  const char* end = text.parameters.data() + text.parameters.size();
  auto [at, failure] = std::from_chars(text.parameters.data(), end, bits);
  if (failure == std::errc() && at == end && !text.parameters.empty())
    out.prefix_length = static_cast<uint8_t>(std::min(bits, 128u));
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    size_t colon = text.find(':');
    parts.emplace_back(text.substr(0, colon));
    if (colon == std::string_view::npos) return parts;
    text.remove_prefix(colon + 1);
  }
}

absl::Status set_server_name(const CommandText& text, LogCommand& out) {
  std::vector<std::string> parts = split(text.parameters);
  out.text = parts[0];
  out.alternative = parts.size() > 1 ? parts[1] : "";
  if (parts.size() > 2 || !one_of(out.text, {"", "SNI_ONLY", "SNI_FIRST", "HOST_FIRST"}))
    return unknown_option(text, "SNI_ONLY, SNI_FIRST and HOST_FIRST");
  if (!one_of(out.alternative, {"", "ORIG", "HOST", "ORIG_OR_HOST"}))
    return unknown_option(text, "ORIG, HOST and ORIG_OR_HOST");
  return absl::OkStatus();
}

absl::Status set_metadata_source(const CommandText& text, LogCommand& out) {
  constexpr std::pair<std::string_view, LogMetadata> kSources[] = {
      {"DYNAMIC", LogMetadata::dynamic},
      {"CLUSTER", LogMetadata::cluster},
      {"ROUTE", LogMetadata::route},
      {"UPSTREAM_HOST", LogMetadata::upstream_host},
      {"LISTENER", LogMetadata::listener},
      {"LISTENER_FILTER_CHAIN", LogMetadata::filter_chain},
      {"VIRTUAL_HOST", LogMetadata::virtual_host},
  };
  for (const auto& [name, source] : kSources) {
    if (out.path.front() != name) continue;
    out.metadata = source;
    out.path.erase(out.path.begin());
    return absl::OkStatus();
  }
  return unknown_option(text,
                        "DYNAMIC, CLUSTER, ROUTE, UPSTREAM_HOST, LISTENER, LISTENER_FILTER_CHAIN "
                        "and VIRTUAL_HOST");
}

absl::Status set_metadata(const Command& command, const CommandText& text, LogCommand& out) {
  out.text.clear();
  out.path = split(text.parameters);
  out.metadata = command.metadata;
  return command.name == "METADATA" ? set_metadata_source(text, out) : absl::OkStatus();
}

absl::Status set_filter_state(const CommandText& text, LogCommand& out) {
  std::vector<std::string> parts = split(text.parameters);
  out.text = parts[0];
  out.alternative = parts.size() > 1 ? parts[1] : "TYPED";
  if (out.text.empty()) return error(fmt::format("command %{}% requires a name", text.name));
  bool field = out.alternative == "FIELD";
  if (!one_of(out.alternative, {"PLAIN", "TYPED", "FIELD"}) || (parts.size() == 3) != field ||
      parts.size() > 3) {
    return unknown_option(text, "NAME, NAME:PLAIN, NAME:TYPED and NAME:FIELD:FIELD_NAME");
  }
  return absl::OkStatus();
}

absl::Status check_path(const CommandText& text) {
  size_t colon = text.parameters.find(':');
  std::string_view query = text.parameters.substr(0, colon);
  std::string_view which =
      colon == std::string_view::npos ? std::string_view() : text.parameters.substr(colon + 1);
  if (!one_of(query, {"", "WQ", "NQ"})) return unknown_option(text, "WQ and NQ");
  if (!one_of(which, {"", "ORIG", "PATH", "ORIG_OR_PATH"})) {
    return unknown_option(text, "ORIG, PATH and ORIG_OR_PATH");
  }
  return absl::OkStatus();
}

bool needs_parameters(Takes takes) {
  switch (takes) {
    case Takes::header:
    case Takes::required:
    case Takes::duration:
    case Takes::any_metadata:
    case Takes::metadata:
    case Takes::filter_state:
    case Takes::coalesce:
      return true;
    default:
      return false;
  }
}

absl::Status check_parameters(const Command& command, const CommandText& text, LogCommand& out) {
  bool empty = text.parameters.empty();
  if (needs_parameters(command.takes) && empty)
    return error(fmt::format("command %{}% requires parameters", text.name));
  out.text = text.parameters;
  switch (command.takes) {
    case Takes::nothing:
      return empty ? absl::OkStatus()
                   : error(fmt::format("command %{}% takes no parameters", text.name));
    case Takes::header:
      return set_header(text, out);
    case Takes::duration:
      return check_duration(text);
    case Takes::path:
      return check_path(text);
    case Takes::query:
      return one_of(text.parameters, {"", "ORIG", "DECODED"})
                 ? absl::OkStatus()
                 : unknown_option(text, "ORIG and DECODED");
    case Takes::grpc_status:
      return one_of(text.parameters, {"", "CAMEL_STRING", "SNAKE_STRING", "NUMBER"})
                 ? absl::OkStatus()
                 : unknown_option(text, "CAMEL_STRING, SNAKE_STRING and NUMBER");
    case Takes::time_format:
      return check_time_format(text);
    case Takes::prefix:
      set_prefix(text, out);
      return absl::OkStatus();
    case Takes::server_name:
      return set_server_name(text, out);
    case Takes::any_metadata:
    case Takes::metadata:
      return set_metadata(command, text, out);
    case Takes::filter_state:
      return set_filter_state(text, out);
    case Takes::coalesce:
      out.text.clear();
      return set_operators(text, out);
    case Takes::required:
    case Takes::free_text:
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

bool allows_length(Takes takes) {
  switch (takes) {
    case Takes::header:
    case Takes::required:
    case Takes::path:
    case Takes::query:
    case Takes::any_metadata:
    case Takes::filter_state:
    case Takes::coalesce:
      return true;
    default:
      return false;
  }
}

}  // namespace

absl::StatusOr<LogCommand> compile_command(const CommandText& text) {
  const Command* command = find_command(text.name);
  if (command == nullptr) return unknown_command(text.name);
  if (text.has_length && !allows_length(command->takes)) {
    return error(fmt::format("command %{}% takes no length", text.name));
  }
  LogCommand out;
  out.field = command->field;
  out.upstream = command->upstream;
  out.tls = command->tls;
  if (absl::Status status = check_parameters(*command, text, out); !status.ok()) return status;
  return out;
}

}  // namespace outrigger::xds
