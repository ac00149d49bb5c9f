// The commands of substitution formats by name: what each reads and which parameters it takes.
// Thread: any; constant.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "api/config/substitution.h"

namespace outrigger::xds {

// One command as it stands between two "%": NAME(parameters):length.
struct CommandText {
  std::string_view name;
  std::string_view parameters;
  bool has_length = false;
};

// COALESCE's parameters: {"operators": ["NAME", {"command", "param", "max_length"}, ...]}.
absl::Status set_operators(const CommandText& text, config::LogCommand& out);

// Everything but max_length. Errors say what is wrong with the command, in a sentence that names
// it.
absl::StatusOr<config::LogCommand> compile_command(const CommandText& text);

}  // namespace outrigger::xds
