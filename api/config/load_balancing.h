// What few clusters say of the choice of a host: subsets, slow start, zone-aware routing, weights
// by load reports, hosts that requests name. What routes say to it: MetadataMatchCriteria. Thread:
// any; immutable. Compiled by xds/compile_cluster_balancer and its neighbours. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/config/cluster_ref.h"
#include "api/metadata.h"

namespace outrigger::config {

// One value that an endpoint's metadata ("envoy.lb") must have. Borrows key and value.
struct MetadataCriterion {
  MetadataCriterion(std::string_view key_in, const MetadataValue& value_in)
      : key(key_in), value(&value_in), hash(hash_of(key_in, value_in)) {}
  static uint64_t hash_of(std::string_view key, const MetadataValue& value);
  bool operator==(const MetadataCriterion& other) const {
    return hash == other.hash && key == other.key && *value == *other.value;
  }

  std::string_view key;
  const MetadataValue* value;
  uint64_t hash;  // of both
};

// metadata_match of a route, a weighted cluster or a TCP proxy; never empty. Sorted by key.
class MetadataMatchCriteria {
 public:
  using Values = std::vector<std::pair<std::string, MetadataValue>>;

  explicit MetadataMatchCriteria(Values values);  // sorted by key
  MetadataMatchCriteria(const MetadataMatchCriteria&) = delete;
  MetadataMatchCriteria& operator=(const MetadataMatchCriteria&) = delete;

  const Values& values() const { return values_; }
  std::span<const MetadataCriterion> criteria() const { return criteria_; }

 private:
  Values values_;
  std::vector<MetadataCriterion> criteria_;  // of values_
};
using MetadataMatchCriteriaPtr = std::shared_ptr<const MetadataMatchCriteria>;

// A number that the runtime may change.
struct RuntimeNumber {
  double value = 0;
  std::string runtime_key;  // empty: it stays
};

// Which hosts serve requests for whose criteria there is no subset.
enum class SubsetFallback : uint8_t {
  not_defined,  // of a selector: the cluster's
  none,
  any_endpoint,
  default_subset,
  keys_subset  // of a selector: as if the request asked for some of the keys only
};

// Hosts of equal values under these keys are a subset.
struct SubsetSelector {
  std::vector<std::string> keys;  // sorted
  bool single_host = false;       // of several hosts of equal values the first serves
  SubsetFallback fallback = SubsetFallback::not_defined;
  std::vector<std::string> fallback_keys;  // sorted
};

struct SubsetBalancing {
  SubsetFallback fallback = SubsetFallback::none;
  MetadataMatchCriteria::Values default_subset;  // sorted by key
  std::vector<SubsetSelector> selectors;
  bool locality_weight_aware = false;  // localities keep their weights
  bool scale_locality_weight = false;  // ... by the part of their hosts that the subset has
  bool panic_mode_any = false;         // any host, if there is none otherwise
  bool list_as_any = false;            // a list of an endpoint is each of its values
  bool fallback_list = false;          // criteria may name others to be tried one after the other
  bool allow_redundant_keys = false;   // criteria may have more keys than a selector
};

// A host that is new or came back takes its share slowly.
struct SlowStart {
  std::chrono::milliseconds window{0};
  RuntimeNumber aggression{1.0, {}};
  double min_weight_percent = 10;
};

// Where this process is, and the cluster of processes like it (local_cluster_name).
struct LocalZone {
  ClusterRef cluster;
  std::string region, zone, sub_zone;
};

// Requests stay in this process's zone as far as its hosts can carry them.
struct ZoneRouting {
  double enabled_percent = 100;             // runtime: upstream.zone_routing.enabled
  uint64_t min_cluster_size = 6;            // runtime: upstream.zone_routing.min_cluster_size
  std::optional<uint32_t> force_local_min;  // so many healthy hosts in the zone serve it alone
  bool by_weight = false;                   // a locality is as large as its hosts weigh
  std::shared_ptr<const LocalZone> local;   // never nullptr
};

// Weights from what hosts report of their load (ORCA).
struct ClientWeighting {
  std::chrono::milliseconds blackout{10'000};  // from a host's first report
  std::chrono::milliseconds expiration{180'000};
  std::chrono::milliseconds update{1000};
  double error_penalty = 1.0;
  std::vector<std::string> metrics;  // "named_metrics.foo", "utilization.bar"
};

// Where a request says which hosts it is to go to; the first that does counts.
struct OverrideHostSource {
  std::string header;             // lower case; empty: metadata
  std::vector<std::string> path;  // of dynamic metadata: the filter, then down from its struct
};

struct BalancerOptions {
  std::shared_ptr<const SubsetBalancing> subsets;  // nullptr: none
  std::optional<SlowStart> slow_start;
  std::optional<RuntimeNumber> active_request_bias;  // of LEAST_REQUEST; nullopt: 1
  bool full_scan = false;                            // LEAST_REQUEST looks at every host
  std::optional<ZoneRouting> zone_routing;
  std::optional<ClientWeighting> client_weighting;
  std::optional<std::vector<OverrideHostSource>> override_sources;  // of the policy override_host
  // override_host_status: a session's host is used in these states, as bits of
  // envoy.config.core.v3.HealthStatus; nullopt: in all but those that are unhealthy.
  std::optional<uint32_t> override_health;
};

}  // namespace outrigger::config
