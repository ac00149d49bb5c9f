// DnsCacheConfig: how the hosts that requests name are found and kept. Thread: any; immutable.
// Semantics: envoy.extensions.common.dynamic_forward_proxy.v3.DnsCacheConfig. Compiled by
// xds/compile_dns_cache.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "api/config/cluster.h"

namespace outrigger::config {

struct DnsCacheConfig {
  std::string name;
  DnsResolution::Family family = DnsResolution::Family::auto_;
  DnsResolver resolver;
  // Of a name without an address; one with addresses is asked for again as its TTL says.
  std::chrono::milliseconds refresh_rate{60'000};
  std::chrono::milliseconds min_refresh_rate{5'000};  // whatever the TTL says
  std::chrono::milliseconds failure_base{60'000};
  std::chrono::milliseconds failure_max{60'000};
  bool refresh_after_failure = true;  // by itself; otherwise when the next request names it
  std::chrono::milliseconds host_ttl{300'000};     // unused for so long, it is given up
  std::chrono::milliseconds query_timeout{5'000};  // 0: the resolver's
  uint32_t max_hosts = 1024;
  uint32_t max_pending_requests = 1024;  // that wait for an answer
  std::vector<std::string> preresolved;  // "example.com:443"
  bool operator==(const DnsCacheConfig&) const = default;
};

}  // namespace outrigger::config
