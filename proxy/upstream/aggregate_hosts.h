// AggregateHosts: the choice of a host of an aggregate cluster for ONE worker: the priorities of
// its clusters, one cluster's after the other's, as if they were one cluster's. The host's own
// cluster has its pools and limits. Thread: that worker. Lifetime: its WorkerCluster's; clusters
// that come, change and go are noticed with the next request. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/aggregate_cluster
#pragma once

#include <cstdint>
#include <vector>

#include "api/config/cluster.h"
#include "proxy/upstream/lb_context.h"
#include "proxy/upstream/priority_loads.h"

namespace outrigger::upstream {

class ClusterTable;
class WorkerCluster;
struct Host;

class AggregateHosts {
 public:
  AggregateHosts(const config::Cluster& config, ClusterTable& clusters);

  // nullptr: none of the clusters has a host that may be used.
  Host* pick(const LbContext& context);
  // LbContext::priority_loads that leave priorities out; empty: nothing is left.
  std::vector<uint32_t> loads_without(const std::vector<uint32_t>& priorities);
  // The host's place among the priorities of all.
  uint32_t priority_of(const Host& host);
  size_t host_count();
  // One of the clusters chooses by a hash of the request.
  bool hashes();

 private:
  // As it was when the priorities were made.
  struct Inner {
    const config::ClusterRef* ref;
    const WorkerCluster* cluster = nullptr;
    uint64_t generation = 0;
  };
  struct Place {
    uint32_t inner;     // index into inner_
    uint32_t priority;  // of that cluster
  };
  WorkerCluster* find(const Inner& inner);
  void refresh();
  void append_priorities(uint32_t inner, const WorkerCluster& cluster);
  Host* pick_at(const Place& place, const LbContext& context, bool degraded);

  const config::Cluster& config_;
  ClusterTable& clusters_;
  bool fresh_ = false;
  std::vector<Inner> inner_;
  std::vector<Place> places_;
  std::vector<PriorityHealth> health_;  // of the same places
  PriorityLoads loads_;
  std::vector<uint32_t> one_priority_;  // loads of the cluster that was chosen
};

}  // namespace outrigger::upstream
