// Substitution formats, evaluated: access-log lines, header values, local replies' bodies.
// Thread: the stream's worker. No allocation but the caller's buffer or arena (rare values
// excepted, see LogScratch).
//
// Nothing that a peer sends can end a line or a JSON document. In text, control characters but the
// tab are written as \xhh, quotes and octets above 0x7f stay (Envoy leaves all of them; its parser
// lets few through); in JSON, strings are escaped and always valid UTF-8.
#pragma once

#include <string_view>

#include "api/arena.h"
#include "api/config/substitution.h"
#include "proxy/observe/line_buffer.h"
#include "proxy/observe/log_context.h"
#include "proxy/observe/log_value.h"

namespace outrigger::observe {

// Appends the format's text; what is absent is "-", or nothing if omit_empty.
void evaluate(const config::SubstitutionFormat& format, bool omit_empty, const LogContext& context,
              LogScratch& scratch, LineBuffer& out);
// Text, or one JSON object and a line feed.
void evaluate(const config::LogFormat& format, const LogContext& context, LogScratch& scratch,
              LineBuffer& out);

// A header's value: what is absent is empty. One literal is not copied: the view is the
// configuration's. Values above 64 KiB are cut.
std::string_view evaluate_to_arena(const config::SubstitutionFormat& format,
                                   const LogContext& context, Arena& arena);
// A local reply's body; empty if it would be larger than 1 MiB.
std::string_view evaluate_to_arena(const config::LogFormat& format, const LogContext& context,
                                   Arena& arena);

}  // namespace outrigger::observe
