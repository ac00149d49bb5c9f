// LogValues of the two sides of a stream: addresses, names, protocols; and what they share with
// other values.
#pragma once

#include <optional>
#include <string_view>

#include "api/config/substitution.h"
#include "proxy/observe/log_value.h"

namespace outrigger::observe {

// The upstream_*, downstream_* and connection fields; nothing for others.
LogValue peer_value(config::LogField field, const StreamInfo& info, LogScratch& scratch);

// Nothing for an empty text.
LogValue non_empty(std::string_view text);
// The text with underscores for white space, so that a line's columns stay where they are.
LogValue one_word(std::string_view text, LogScratch& scratch);
// "HTTP/1.1".
LogValue protocol_name(std::optional<http::Protocol> protocol);

}  // namespace outrigger::observe
