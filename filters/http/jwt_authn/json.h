// JSON (RFC 8259) of tokens and key sets, as metadata. Strict: UTF-8, no key twice, nothing behind
// the value, a limited depth. Thread: any; pure.
#pragma once

#include <optional>
#include <string_view>

#include "api/metadata.h"

namespace outrigger::filters::jwt_authn {

// Who nests deeper means to exhaust the stack.
inline constexpr unsigned kMaxJsonDepth = 64;

// nullopt: not a JSON object.
std::optional<MetadataStruct> parse_json_object(std::string_view text);

}  // namespace outrigger::filters::jwt_authn
