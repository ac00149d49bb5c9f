// LogValues of the two sides of a stream: addresses, names, protocols; and what they share with
// other values.
#pragma once

#include <optional>
#include <string_view>

#include "api/config/substitution.h"
#include "proxy/observe/log_value.h"

namespace outrigger::observe {

// The upstream_*, downstream_* and connection fields; nothing for others.
LogValue peer_value(const config::LogCommand& command, const StreamInfo& info, LogScratch& scratch);
// SNI, or the host that the request names, as the command's options say.
LogValue requested_server_name(const config::LogCommand& command, const LogContext& context,
                               LogScratch& scratch);
// A host's name, or its address; `with_port` false: what follows its last colon is left out.
std::string_view host_name(std::string_view name, const net::Address& address, bool with_port,
                           LogScratch& scratch);

// Nothing for an empty text.
LogValue non_empty(std::string_view text);
// The text with underscores for white space, so that a line's columns stay where they are.
LogValue one_word(std::string_view text, LogScratch& scratch);
// "HTTP/1.1".
LogValue protocol_name(std::optional<http::Protocol> protocol);

}  // namespace outrigger::observe
