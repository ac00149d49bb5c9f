// The text of a NACK: it names each rejected resource and why. Thread: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "xds/protocol/resource.h"

namespace outrigger::xds {

// As much as Envoy sends; servers log it, and some show it to people.
inline constexpr size_t kMaxNackText = 4096;

// Empty: nothing was rejected. Valid UTF-8, one line for each, at most kMaxNackText.
std::string nack_text(std::string_view noun, const std::vector<RejectedResource>& rejected);

// With '?' in the place of what is not UTF-8.
std::string as_utf8(std::string_view text);

}  // namespace outrigger::xds
