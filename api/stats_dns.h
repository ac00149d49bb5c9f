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

// dns_cache.<name>.*:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/dynamic_forward_proxy_filter
#define OUTRIGGER_DNS_CACHE_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(dns_query_attempt)                                        \
  COUNTER(dns_query_success)                                        \
  COUNTER(dns_query_failure)                                        \
  COUNTER(dns_query_timeout)                                        \
  COUNTER(host_address_changed)                                     \
  COUNTER(host_added)                                               \
  COUNTER(host_removed)                                             \
  COUNTER(host_overflow)                                            \
  COUNTER(dns_rq_pending_overflow)                                  \
  GAUGE(num_hosts)
OUTRIGGER_DEFINE_STATS(DnsCacheStats, OUTRIGGER_DNS_CACHE_STATS)

// dns_cache.<name>.circuit_breakers.*
#define OUTRIGGER_DNS_CACHE_BREAKER_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  GAUGE(rq_pending_open)                                                    \
  GAUGE(rq_pending_remaining)
OUTRIGGER_DEFINE_STATS(DnsCacheBreakerStats, OUTRIGGER_DNS_CACHE_BREAKER_STATS)

}  // namespace outrigger
