// load_reporter.*: the stream on which load is reported to a management server. `requests` are what
// the server asked, `responses` what it was sent. Written by the main thread.
#pragma once

#include "api/stats.h"

namespace outrigger {

#define OUTRIGGER_LOAD_REPORTER_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(errors)                                                       \
  COUNTER(requests)                                                     \
  COUNTER(responses)                                                    \
  COUNTER(retries)
OUTRIGGER_DEFINE_STATS(LoadReporterStats, OUTRIGGER_LOAD_REPORTER_STATS)

}  // namespace outrigger
