// The HeaderId of a name, as http::header_id has it, in a few instructions: for the parser's loop.
#pragma once

#include <string_view>

#include "api/http/header_name.h"

namespace outrigger::http1 {

// Precondition: lower case, not empty, followed by 8 readable octets.
http::HeaderId known_name(std::string_view name);

}  // namespace outrigger::http1
