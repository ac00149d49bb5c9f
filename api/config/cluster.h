// Cluster: a compiled upstream cluster and its endpoints. Thread: any; immutable; an endpoint
// update makes a new EndpointSet. Semantics: envoy.config.cluster.v3.Cluster,
// envoy.config.endpoint.v3. Compiled by xds/compile_cluster.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/config/cluster_ref.h"
#include "api/http/codec_options.h"
#include "api/net/address.h"
#include "api/stats.h"

namespace outrigger::config {

struct Endpoint {
  enum class Health : uint8_t {
    healthy,
    unhealthy,
    degraded
  };
  net::Address address;
  std::string hostname;
  uint32_t weight = 1;
  Health health = Health::healthy;
  StatsScopePtr stats;  // HostStats; not in the store's names, shown by /clusters
};
using EndpointPtr = std::shared_ptr<const Endpoint>;

struct Locality {
  std::string region;
  std::string zone;
  std::string sub_zone;
};

struct LocalityEndpoints {
  Locality locality;
  uint32_t priority = 0;
  std::optional<uint32_t> weight;
  std::vector<EndpointPtr> endpoints;
};

struct EndpointSet {
  std::vector<LocalityEndpoints> localities;
};

// What a cluster uses of its limits, over all workers. Written when a connection or request starts
// and ends; the limits hold exactly.
struct ResourceUsage {
  std::atomic<uint32_t> connections{0};
  std::atomic<uint32_t> pending_requests{0};
  std::atomic<uint32_t> requests{0};
  std::atomic<uint32_t> retries{0};
};

struct CircuitBreaker {
  uint32_t max_connections = 1024;
  uint32_t max_pending_requests = 1024;
  uint32_t max_requests = 1024;
  uint32_t max_retries = 3;
  uint32_t max_connection_pools = 0xffffffff;
  bool track_remaining = false;
  StatsScopePtr stats;  // CircuitBreakerStats
  std::shared_ptr<ResourceUsage> usage = std::make_shared<ResourceUsage>();
};

struct UpstreamHttp {
  enum class Version : uint8_t {
    http1,
    http2,
    downstream
  };
  Version version = Version::http1;
  http::Http1Options http1;
  http::Http2Options http2;
  std::optional<std::chrono::milliseconds> idle_timeout{std::chrono::hours(1)};  // absent: none
  std::optional<std::chrono::milliseconds> max_connection_duration;
  std::optional<std::chrono::milliseconds> max_stream_duration;
  uint32_t max_requests_per_connection = 0;  // 0: no limit
};

struct TcpKeepalive {
  std::optional<uint32_t> probes, time_s, interval_s;
};

struct Cluster {
  enum class Discovery : uint8_t {
    static_,
    strict_dns,
    logical_dns,
    eds,
    original_dst
  };
  enum class Balancer : uint8_t {
    round_robin,
    least_request,
    random
  };

  ClusterRef ref;
  std::string alt_stat_name;
  Discovery discovery = Discovery::static_;
  Balancer balancer = Balancer::round_robin;
  uint32_t least_request_choices = 2;
  double panic_threshold = 50.0;  // per cent
  std::chrono::milliseconds connect_timeout{5000};
  uint32_t buffer_limit_bytes = 1024 * 1024;       // per connection
  std::array<CircuitBreaker, 2> circuit_breakers;  // [0] default, [1] high
  UpstreamHttp http;
  std::optional<TcpKeepalive> tcp_keepalive;
  bool close_connections_on_host_health_failure = false;
  std::shared_ptr<const EndpointSet> endpoints;

  StatsScopePtr stats;           // ClusterStats
  StatsScopePtr config_stats;    // ClusterConfigStats
  StatsScopePtr external_stats;  // ClusterCodeStats: cluster.<name>.external.
  StatsScopePtr internal_stats;
  StatsScopePtr retry_stats;
  StatsScopePtr http1_stats;  // Http1Stats: cluster.<name>.http1.
  StatsScopePtr http2_stats;
};
using ClusterPtr = std::shared_ptr<const Cluster>;

}  // namespace outrigger::config
