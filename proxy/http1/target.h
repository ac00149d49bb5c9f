// The four forms of a request target (RFC 9112, 3.2).
#pragma once

#include <string_view>

#include "api/arena.h"
#include "proxy/http1/error.h"

namespace outrigger::http1 {

struct Target {
  std::string_view path;       // empty for CONNECT
  std::string_view authority;  // from the absolute or authority form; else empty
  std::string_view scheme;     // from the absolute form; else empty
};

// `text` holds no octet outside 0x21..0x7e.
HeadError parse_target(std::string_view method, std::string_view text, bool allow_absolute,
                       Arena& arena, Target& out);

bool is_valid_authority(std::string_view text);

}  // namespace outrigger::http1
