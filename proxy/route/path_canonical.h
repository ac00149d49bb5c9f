// The canonical form of a path, as browsers and Envoy make it: dot segments resolved, "\" read as
// "/", needless escapes undone, what must be escaped escaped. Pure.
// https://url.spec.whatwg.org/#path-state, with escapes of unreserved characters decoded.
#pragma once

#include <optional>
#include <string_view>

#include "api/arena.h"

namespace outrigger::route {

// `path` is without query and fragment. Absent: the path holds a NUL, escaped or not, or octets
// that are no UTF-8. A path that is canonical already is returned as it is.
std::optional<std::string_view> canonical_path(std::string_view path, Arena& arena);

}  // namespace outrigger::route
