// LoadCounts: what became of the requests to ONE cluster since the last report, by locality and
// priority, as the statistics of its endpoints tell. Thread: main; the statistics are the workers'.
// Lifetime: while a management server wants reports of the cluster. Semantics:
// envoy.config.endpoint.v3.ClusterStats.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "envoy/config/endpoint/v3/load_report.pb.h"

#include "api/config/cluster.h"

namespace outrigger::xds {

struct ReportedCluster {
  config::ClusterPtr config;
  std::shared_ptr<const config::EndpointSet> endpoints;  // nullptr: those of the configuration
};

class LoadCounts {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using ClusterStats = envoy::config::endpoint::v3::ClusterStats;

  // What was counted up to now is in no report.
  LoadCounts(const ReportedCluster& cluster, Time now);
  // What came since the last call; `by_endpoint`: of each endpoint as well.
  void report(const ReportedCluster& cluster, Time now, bool by_endpoint, ClusterStats& out);

 private:
  struct Counts {
    uint64_t success = 0;
    uint64_t error = 0;
    uint64_t issued = 0;
    uint64_t active = 0;  // now
    bool any() const { return success + error + issued + active > 0; }
    void add(const Counts& other);
  };
  struct Known {
    StatsScopePtr stats;  // keeps its address from being another endpoint's
    Counts counts;        // that were reported
    uint64_t round = 0;   // of the last report that it was in
  };
  static Counts read(const StatsScope& stats);
  Counts take(const config::Endpoint& endpoint);
  void report_locality(const config::LocalityEndpoints& locality, bool by_endpoint,
                       ClusterStats& out);
  void report_drops(const ReportedCluster& cluster, ClusterStats& out);

  Time since_;
  uint64_t round_ = 0;
  std::unordered_map<const StatsScope*, Known> known_;  // by endpoint
  uint64_t overflowed_ = 0;
  uint64_t dropped_ = 0;
};

}  // namespace outrigger::xds
