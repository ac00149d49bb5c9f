// Cookies of a request. Thread: any; pure. Semantics: RFC 6265, 4.2, as Envoy reads it.
#pragma once

#include <optional>
#include <string_view>

#include "api/http/header_map.h"

namespace outrigger::http {

// The value of the first cookie of that name, without the quotes around it; nullopt: there is none.
std::optional<std::string_view> find_cookie(const HeaderMap& headers, std::string_view name);

}  // namespace outrigger::http
