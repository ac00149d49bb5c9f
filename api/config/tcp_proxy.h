// TcpProxy: the terminal filter that forwards a connection's octets to a cluster. Thread: any;
// immutable. Semantics: envoy.extensions.filters.network.tcp_proxy.v3. Compiled by
// xds/compile_tcp_proxy.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/config/access_log.h"
#include "api/config/cluster_ref.h"
#include "api/config/header_mutation.h"
#include "api/config/load_balancing.h"
#include "api/filter/cluster_demand.h"
#include "api/stats.h"

namespace outrigger::config {

struct TcpProxy {
  struct WeightedCluster {
    ClusterRef cluster;
    uint32_t weight = 1;
    MetadataMatchCriteriaPtr metadata_match;  // with the whole's; nullptr: none
  };
  struct Tunneling {
    SubstitutionFormat hostname;  // "host:port" of the CONNECT; may be computed
    bool use_post = false;
    std::string post_path;
    HeaderMutations headers;
    bool propagate_response_headers = false;
    bool propagate_response_trailers = false;
  };
  // When the upstream connection is begun.
  enum class ConnectMode : uint8_t {
    immediate,
    on_downstream_data,
    on_downstream_tls_handshake
  };
  // For the PROXY protocol header that the upstream connection may get.
  struct Tlv {
    uint8_t type = 0;
    SubstitutionFormat value;
  };
  enum class HashPolicy : uint8_t {
    none,
    source_ip,
    filter_state
  };

  std::string stat_prefix;
  std::vector<WeightedCluster> clusters;  // one or more; the weights add up to total_weight
  uint64_t total_weight = 0;
  MetadataMatchCriteriaPtr metadata_match;                                       // nullptr: none
  std::optional<std::chrono::milliseconds> idle_timeout{std::chrono::hours(1)};  // absent: none
  std::optional<std::chrono::milliseconds> max_downstream_connection_duration;
  double max_duration_jitter_percent = 0;  // of the duration, added to it at random
  uint32_t max_connect_attempts = 1;
  std::chrono::milliseconds backoff_base{0};  // 0: the next attempt follows at once
  std::chrono::milliseconds backoff_max{0};
  HashPolicy hash_policy = HashPolicy::none;
  std::string hash_filter_state_key;
  std::optional<Tunneling> tunneling;
  std::vector<Tlv> proxy_protocol_tlvs;
  ConnectMode connect_mode = ConnectMode::immediate;
  // Read before the upstream connection is there, and kept for it; absent: nothing is read.
  std::optional<uint32_t> max_early_data_bytes;
  OnDemandClusters on_demand;  // for a cluster that is not there
  std::vector<AccessLog> access_logs;
  std::optional<std::chrono::milliseconds> access_log_flush_interval;
  bool flush_access_log_on_connected = false;

  StatsScopePtr stats;  // TcpStats: tcp.<stat_prefix>.
};

}  // namespace outrigger::config
