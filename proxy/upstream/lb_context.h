// LbContext: what the choice of a host may depend on. Made by the HTTP router and the TCP proxy for
// one call of WorkerCluster::pick_host. Thread: one worker. Each pointer may be nullptr.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "api/http/header_map.h"
#include "api/stream_info.h"
#include "proxy/upstream/match_criteria.h"

namespace outrigger::upstream {

struct Host;

struct LbContext {
  uint64_t random = 0;
  std::optional<uint64_t> hash;       // of the request's hash policy
  uint32_t attempt = 0;               // of the request, from 0
  uint32_t repeated = 0;              // an equal hash is to meet another host: n-th time
  Criteria criteria;                  // what the host must have: for subsets
  std::string_view override_host;     // "10.0.0.1:80": this one if it is healthy
  bool override_host_strict = false;  // ... and no other
  // Per cent of each priority, in the place of what health says; the hosts must be healthy.
  const std::vector<uint32_t>* priority_loads = nullptr;
  bool degraded = false;                            // ... or the degraded ones, while there are any
  const std::vector<const Host*>* avoid = nullptr;  // any other is better; they may still be picked
  // Where an ORIGINAL_DST cluster looks for the address.
  const DownstreamConnectionInfo* connection = nullptr;
  const http::HeaderMap* headers = nullptr;
  const StreamExtras* stream = nullptr;
};

}  // namespace outrigger::upstream
