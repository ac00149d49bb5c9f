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
#include "api/config/host_checks.h"
#include "api/config/load_balancing.h"
#include "api/config/shared.h"
#include "api/config/tls.h"
#include "api/http/codec_options.h"
#include "api/metadata.h"
#include "api/net/address.h"
#include "api/net/socket_option.h"
#include "api/stats.h"

namespace outrigger {
class DnsCache;
}

namespace outrigger::config {

struct Endpoint {
  enum class Health : uint8_t {
    healthy,
    unhealthy,
    degraded
  };
  net::Address address;
  std::vector<net::Address>
      additional_addresses;  // other addresses of the same host, tried in turn
  std::string hostname;
  Metadata metadata;
  uint32_t weight = 1;
  Health health = Health::healthy;
  uint8_t status = 0;  // that as it was said: a number of envoy.config.core.v3.HealthStatus
  bool canary = false;
  std::shared_ptr<const EndpointHealthCheck> health_check;  // nullptr: nothing of its own
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

// Requests that are turned away before a host is chosen.
struct DropOverload {
  std::string category;
  uint32_t per_million = 0;
};

struct EndpointSet {
  std::vector<LocalityEndpoints> localities;
  std::shared_ptr<const DropOverload> drop_overload;  // nullptr: none
  uint32_t overprovisioning_percent = 140;  // a priority counts as full from 72 % healthy hosts on
};

// What a cluster uses of its limits, over all workers. Written when a connection or request starts
// and ends; the limits hold exactly.
struct ResourceUsage {
  std::atomic<uint32_t> connections{0};
  std::atomic<uint32_t> pending_requests{0};
  std::atomic<uint32_t> requests{0};
  std::atomic<uint32_t> retries{0};
  std::atomic<uint32_t> connection_pools{0};
  // Since the start, for load reports: requests that met a limit, or drop_overload.
  std::atomic<uint64_t> overflowed{0};
  std::atomic<uint64_t> dropped{0};
};

// Retries at one time, as a share of the requests that are under way or wait.
struct RetryBudget {
  double percent = 20;
  uint32_t min_concurrency = 3;
};

struct CircuitBreaker {
  uint32_t max_connections = 1024;
  uint32_t max_pending_requests = 1024;
  uint32_t max_requests = 1024;
  uint32_t max_retries = 3;
  std::optional<RetryBudget> retry_budget;  // takes the place of max_retries
  uint32_t max_connection_pools = 0xffffffff;
  std::optional<uint32_t> max_connections_per_host;  // of all workers
  StatsScopePtr remaining_stats;  // CircuitBreakerRemainingStats; nullptr unless track_remaining
  std::shared_ptr<ResourceUsage> usage = std::make_shared<ResourceUsage>();
};

struct UpstreamFilters;

struct UpstreamHttp {
  enum class Version : uint8_t {
    http1,
    http2,
    downstream,
    alpn  // auto_config: what the TLS handshake agrees on
  };
  Version version = Version::http1;
  bool auto_sni = false;
  bool auto_san_validation = false;
  std::string override_auto_sni_header;
  http::Http1Options http1;
  http::Http2Options http2;
  std::optional<std::chrono::milliseconds> idle_timeout{std::chrono::hours(1)};  // absent: none
  std::optional<std::chrono::milliseconds> max_connection_duration;
  std::optional<std::chrono::milliseconds> max_stream_duration;
  uint32_t max_requests_per_connection = 0;        // 0: no limit
  std::shared_ptr<const UpstreamFilters> filters;  // of attempts; nullptr: the router's

  // Of two sets of filters: whether they are the same object.
  bool operator==(const UpstreamHttp&) const = default;
};

struct TcpKeepalive {
  std::optional<uint32_t> probes, time_s, interval_s;
};

// Where a socket's connections to the upstream come from.
struct UpstreamBind {
  net::Address source;                      // invalid: the system chooses
  std::vector<net::Address> extra_sources;  // another one for another address family
  bool freebind = false;
  std::vector<net::SocketOption> socket_options;

  // The first of the target's family; none of it: the first, and the system refuses.
  net::Address source_for(const net::Address& target) const;
  bool operator==(const UpstreamBind&) const = default;
};

enum class ProxyProtocolVersion : uint8_t {
  none,
  v1,
  v2
};

struct ProxyProtocolTlv {
  uint8_t type = 0;
  std::string value;
};

// How a connection to an endpoint is made. Part of a pool's identity.
struct TransportSocket {
  std::string name;
  TlsContextSlotPtr tls;  // nullptr: plain
  ProxyProtocolVersion proxy_protocol = ProxyProtocolVersion::none;
  std::vector<uint8_t> pass_through_tlvs;  // of the downstream's header
  bool pass_all_tlvs = false;
  std::vector<ProxyProtocolTlv> added_tlvs;
};
using TransportSocketPtr = std::shared_ptr<const TransportSocket>;

// The first whose criteria the endpoint's metadata ("envoy.transport_socket_match") has.
struct TransportSocketMatch {
  MetadataStruct criteria;
  TransportSocketPtr socket;
  StatsScopePtr stats;  // TransportSocketMatchStats
};

// Whom names are asked of, and how. Clusters that say the same share one resolver.
struct DnsResolver {
  std::vector<net::Address> servers;  // empty: the system's
  bool servers_as_fallback = false;   // only where the system names none
  bool use_tcp = false;
  bool no_default_search_domain = false;
  bool filter_unroutable_families = false;  // only families that the machine has an address of
  bool rotate = false;                      // spread questions over the servers
  std::chrono::milliseconds query_timeout{5000};
  uint32_t query_tries = 4;
  uint32_t edns0_max_payload = 0;  // octets; 0: the library's
  bool operator==(const DnsResolver&) const = default;
};

// How the addresses of DNS clusters are found.
struct DnsResolution {
  struct Target {
    std::string name;
    uint16_t port = 0;
    EndpointPtr endpoint;  // everything but the address
    size_t locality = 0;   // place in `localities`
  };
  enum class Family : uint8_t {
    auto_,
    v4_only,
    v6_only,
    v4_preferred,
    all
  };
  std::vector<Target> targets;
  std::vector<LocalityEndpoints> localities;  // without their endpoints
  uint32_t overprovisioning_percent = 140;
  std::shared_ptr<const DropOverload> drop_overload;  // nullptr: none
  Family family = Family::auto_;
  DnsResolver resolver;
  bool respect_ttl = false;
  std::chrono::milliseconds refresh_rate{5000};
  std::chrono::milliseconds refresh_jitter{0};
  std::chrono::milliseconds failure_base{5000};
  std::chrono::milliseconds failure_max{50000};
  bool wait_for_first = true;  // wait_for_warm_on_init
};

// Where the address of an ORIGINAL_DST cluster comes from.
struct OriginalDst {
  bool use_http_header = false;
  std::string http_header_name = "x-envoy-original-dst-host";
  std::optional<uint16_t> port_override;
  std::vector<std::string> metadata_key;  // filter, then the path; empty: not asked
  std::chrono::milliseconds cleanup_interval{5000};
};

// Of an endpoint with several addresses: which family is tried first, and how many of it before
// the other family has its turn.
struct HappyEyeballs {
  enum class First : uint8_t {
    as_listed,
    v4,
    v6
  } first = First::as_listed;
  uint32_t first_count = 1;
};

// What a peer is told, and tells, in front of the first octets where the TLS handshake agreed on
// `protocol` (Istio's TCP metadata exchange).
struct PeerExchange {
  std::string protocol;  // ALPN
  std::string hello;     // goes out first
  std::vector<std::string> labels;
  StatsScopePtr stats;  // PeerExchangeStats
};

// ring_hash and maglev: equal hashes, equal hosts.
struct HashBalancing {
  uint64_t minimum_ring_size = 1024;
  uint64_t maximum_ring_size = 8 * 1024 * 1024;
  bool murmur = false;          // the ring's places are hashed with MurmurHash 2, not xxHash
  uint64_t table_size = 65537;  // Maglev's, a prime
  bool by_hostname = false;     // hosts are placed by their names, not by their addresses
  // Of the average load that a host may have before others take its requests; 0: any.
  uint32_t balance_percent = 0;
};

struct ClusterHttpPolicies;  // api/config/route.h

struct Cluster {
  enum class Discovery : uint8_t {
    static_,
    strict_dns,
    logical_dns,
    eds,
    original_dst,
    aggregate,
    dynamic_forward_proxy  // hosts that requests name
  };
  enum class Balancer : uint8_t {
    round_robin,
    least_request,
    random,
    ring_hash,
    maglev,
    client_weighted  // round robin by the weights that load reports give
  };

  // The choice of a host depends on a hash of the request's or connection's own.
  bool hashes() const { return balancer == Balancer::ring_hash || balancer == Balancer::maglev; }

  ClusterRef ref;
  std::string alt_stat_name;
  // Equal and not 0 in two versions of a cluster: connections of one may carry requests of the
  // other.
  uint64_t connection_identity = 0;
  Discovery discovery = Discovery::static_;
  Balancer balancer = Balancer::round_robin;
  uint32_t least_request_choices = 2;
  std::shared_ptr<const HashBalancing> hashing;             // ring_hash and maglev
  std::shared_ptr<const BalancerOptions> balancer_options;  // nullptr: all as by default
  bool locality_weighted = false;      // localities get shares by their weights
  double panic_threshold = 50.0;       // per cent
  bool fail_traffic_on_panic = false;  // no host rather than an unhealthy one
  std::shared_ptr<const OutlierDetection> outlier_detection;  // nullptr: none
  std::vector<std::shared_ptr<const HealthCheck>> health_checks;
  bool ignore_health_on_host_removal = false;
  bool ignore_new_hosts_until_first_hc = false;
  std::chrono::milliseconds connect_timeout{5000};
  uint32_t buffer_limit_bytes = 1024 * 1024;       // per connection
  std::array<CircuitBreaker, 2> circuit_breakers;  // [0] default, [1] high
  Shared<UpstreamHttp> http;
  std::shared_ptr<const ClusterHttpPolicies> http_policies;  // nullptr: none
  std::optional<TcpKeepalive> tcp_keepalive;
  Shared<UpstreamBind> bind;
  HappyEyeballs happy_eyeballs;
  TransportSocketPtr transport_socket;  // never nullptr
  std::vector<TransportSocketMatch> transport_socket_matches;
  std::shared_ptr<const DnsResolution> dns;         // strict_dns and logical_dns
  std::shared_ptr<const OriginalDst> original_dst;  // nullptr: addresses come from elsewhere
  std::shared_ptr<DnsCache> dns_cache;  // dynamic_forward_proxy; nullptr: nobody asks DNS here
  std::vector<ClusterRef> aggregate;    // whose priorities it has, one cluster's after the other's
  Metadata metadata;
  std::shared_ptr<const PeerExchange> peer_exchange;  // nullptr: none
  bool connection_pool_per_downstream_connection = false;
  double preconnect_ratio = 1;  // room for streams, as a multiple of those that are wanted
  bool close_connections_on_host_health_failure = false;
  std::shared_ptr<const EndpointSet> endpoints;

  StatsScopePtr stats;           // ClusterStats
  StatsScopePtr config_stats;    // ClusterConfigStats
  StatsScopePtr response_stats;  // ClusterResponseStats
  StatsScopePtr breaker_stats;   // ClusterBreakerStats
  StatsScopePtr http1_stats;     // Http1Stats: cluster.<name>.http1.
  StatsScopePtr http2_stats;
  StatsScopePtr transport_socket_stats;  // TransportSocketMatchStats of transport_socket
  StatsScopePtr outlier_stats;           // OutlierStats; nullptr without outlier_detection
  StatsScopePtr health_check_stats;      // HealthCheckStats; nullptr without health_checks
  StatsScopePtr hashing_stats;           // RingHashStats, MaglevStats; nullptr without hashing
  StatsScopePtr timeout_budget_stats;    // TimeoutBudgetStats; nullptr unless asked for
  StatsScopePtr message_size_stats;      // MessageSizeStats; nullptr unless asked for
};
using ClusterPtr = std::shared_ptr<const Cluster>;

}  // namespace outrigger::config
