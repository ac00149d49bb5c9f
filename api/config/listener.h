// Listener: addresses and filter chains, compiled. Thread: any; immutable.
// Semantics: envoy.config.listener.v3.Listener. Compiled by xds/compile_listener.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/config/access_log.h"
#include "api/config/http_connection_manager.h"
#include "api/net/address.h"
#include "api/stats.h"

namespace outrigger::config {

struct FilterChain {
  std::string name;
  std::shared_ptr<const HttpConnectionManager> http;
};

struct Listener {
  std::string name;
  net::Address address;
  std::vector<net::Address> additional_addresses;
  bool ipv4_compat = false;
  std::shared_ptr<const FilterChain>
      default_chain;  // the only chain until matching criteria are supported
  uint32_t buffer_limit_bytes = 1024 * 1024;  // per connection
  uint32_t backlog = 4096;
  bool reuse_port = true;
  bool bind_to_port = true;
  bool transparent = false;
  bool freebind = false;
  enum class Drain : uint8_t {
    default_,
    modify_only
  } drain = Drain::default_;
  enum class Direction : uint8_t {
    unspecified,
    inbound,
    outbound
  } direction = Direction::unspecified;
  uint32_t max_connections_per_event = 0;  // 0: no limit
  bool ignore_global_connection_limit = false;

  StatsScopePtr stats;       // ListenerStats: listener.<address>.
  StatsScopePtr http_stats;  // ListenerHttpStats
};
using ListenerPtr = std::shared_ptr<const Listener>;

}  // namespace outrigger::config
