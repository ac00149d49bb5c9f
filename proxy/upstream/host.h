// Host: what ONE worker knows of one endpoint: its statistics, its load, its connection pools.
// Thread: that worker. Lifetime: as long as the worker's cluster entry, or until its last
// connection is closed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "api/config/cluster.h"
#include "api/stats_cluster.h"

namespace outrigger::upstream {

class ConnPool;

// What a pool's connections speak.
enum class PoolKind : uint8_t {
  http1,
  http2,
  tunnel  // the octets of a CONNECT that ends here
};
constexpr size_t kPoolKinds = 3;

struct Host {
  Host(config::EndpointPtr endpoint_in, unsigned worker);
  ~Host();

  config::EndpointPtr endpoint;
  HostStats& stats;
  uint32_t active_requests = 0;
  // [priority][PoolKind], made with the first request.
  std::array<std::array<std::unique_ptr<ConnPool>, kPoolKinds>, 2> pools;

  uint32_t weight() const { return endpoint->weight; }
};

}  // namespace outrigger::upstream
