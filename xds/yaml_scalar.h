// The type of a plain YAML scalar, as Envoy's YAML reader decides it. Thread: any.
#pragma once

#include <string>
#include <string_view>

#include "xds/document.h"

namespace outrigger::xds {

// `text` becomes "true"/"false" for booleans; digits of another base become decimal.
Node::Kind resolve_plain_scalar(std::string_view plain, std::string& text);

}  // namespace outrigger::xds
