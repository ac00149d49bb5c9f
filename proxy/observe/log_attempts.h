// LogValues of the hosts that a request was tried on.
#pragma once

#include "api/config/substitution.h"
#include "proxy/observe/log_value.h"

namespace outrigger::observe {

// UPSTREAM_HOSTS_ATTEMPTED and its like: a list, the first attempt first.
LogValue attempts_value(config::LogField field, const StreamInfo& info, LogScratch& scratch);

}  // namespace outrigger::observe
