// Normalisation of :path before anything looks at it, so that routing, access control and the
// upstream see the same path. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "api/arena.h"
#include "api/config/http_connection_manager.h"

namespace outrigger::route {

struct NormalizeOptions {
  bool normalize = false;
  bool merge_slashes = false;
  config::EscapedSlashes escaped_slashes = config::EscapedSlashes::keep;
};

struct NormalizedPath {
  enum class Kind : uint8_t {
    keep,      // as it was
    changed,   // go on with `path`
    redirect,  // 307 to `path`
    reject,    // 400
  };
  Kind kind = Kind::keep;
  std::string_view path;
};

NormalizedPath normalize_path(std::string_view path, const NormalizeOptions& options, Arena& arena);

}  // namespace outrigger::route
