// json_format, evaluated into one JSON value.
#pragma once

#include "api/config/substitution.h"
#include "proxy/observe/line_buffer.h"
#include "proxy/observe/log_context.h"
#include "proxy/observe/log_value.h"

namespace outrigger::observe {

// A leaf that is one command keeps its type (number, string, null); several make one string. With
// omit_empty, members and list elements that would be null, and objects without members, are left
// out.
void evaluate_json(const config::JsonFormat& format, bool omit_empty, const LogContext& context,
                   LogScratch& scratch, LineBuffer& out);

}  // namespace outrigger::observe
