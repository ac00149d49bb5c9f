// Base64url, as tokens and key sets have it (RFC 4648, 5). Thread: any; pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace outrigger::filters::jwt_authn {

// Padding may be there, if it is right, or not; white space and loose bits at the end may not.
// nullopt: it is not base64url.
std::optional<std::string> decode_base64url(std::string_view text);

}  // namespace outrigger::filters::jwt_authn
