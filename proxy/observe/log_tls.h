// LogValues of TLS connections: versions, certificates, fingerprints.
#pragma once

#include "api/config/substitution.h"
#include "proxy/observe/log_value.h"

namespace outrigger::observe {

LogValue tls_value(const config::LogCommand& command, const LogContext& context,
                   LogScratch& scratch);

}  // namespace outrigger::observe
