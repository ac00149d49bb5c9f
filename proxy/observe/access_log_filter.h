// Whether a stream is logged: envoy.config.accesslog.v3.AccessLogFilter. Pure.
#pragma once

#include "api/config/access_log.h"
#include "proxy/observe/log_context.h"

namespace outrigger::observe {

bool passes(const config::AccessLogFilter& filter, const LogContext& context);

}  // namespace outrigger::observe
