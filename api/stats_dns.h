// dns.cares.*:
// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/dns_resolution
#pragma once

#include "api/stats.h"

namespace outrigger {

#define OUTRIGGER_DNS_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(get_addr_failure)                                   \
  COUNTER(not_found)                                          \
  COUNTER(reinits)                                            \
  COUNTER(resolve_total)                                      \
  COUNTER(timeouts)                                           \
  GAUGE(pending_resolutions)
OUTRIGGER_DEFINE_STATS(DnsStats, OUTRIGGER_DNS_STATS)

}  // namespace outrigger
