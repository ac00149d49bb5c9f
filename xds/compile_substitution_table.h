// The table of command names: what each reads and what it takes. Thread: any; constant.
#pragma once

#include <cstdint>
#include <string_view>

#include "api/config/substitution.h"

namespace outrigger::xds {

// What stands in a command's parentheses, and whether a length may follow.
enum class Takes : uint8_t {
  nothing,
  header,        // NAME or NAME?ALTERNATIVE, with a length
  required,      // some text, with a length
  time_format,   // optional
  duration,      // START:END or START:END:PRECISION
  path,          // WQ|NQ, then :ORIG|PATH|ORIG_OR_PATH
  query,         // ORIG or DECODED
  grpc_status,   // CAMEL_STRING, SNAKE_STRING or NUMBER
  free_text,     // optional
  prefix,        // the length of an address's prefix, optional
  server_name,   // SNI_ONLY|SNI_FIRST|HOST_FIRST, then :ORIG|HOST|ORIG_OR_HOST
  any_metadata,  // SOURCE:FILTER:KEY..., with a length
  metadata,      // FILTER:KEY...
  filter_state,  // NAME, NAME:PLAIN, NAME:TYPED or NAME:FIELD:FIELD_NAME, with a length
  coalesce,      // JSON, with a length
};

struct Command {
  std::string_view name;
  config::LogField field;
  Takes takes = Takes::nothing;
  bool upstream = false;
  config::LogTls tls = config::LogTls::version;
  config::LogMetadata metadata = config::LogMetadata::dynamic;
};

// nullptr: there is none of that name.
const Command* find_command(std::string_view name);
// Does Envoy have it, and this proxy not?
bool is_unsupported_command(std::string_view name);

}  // namespace outrigger::xds
