// ClusterTable: all clusters of ONE thread, by slot. A cluster costs a pointer until its first
// request makes a WorkerCluster of it. Changes are pointer stores; what they mean for clusters that
// are in use is done with the next request, or a few clusters in each turn. Thread: that worker.
// Lifetime: the worker's.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "proxy/upstream/worker_cluster.h"

namespace outrigger::upstream {

struct ClusterChange {
  enum class Kind : uint8_t {
    set,        // new, or in the place of the slot's last
    endpoints,  // of the cluster that is there
    remove
  };
  Kind kind = Kind::set;
  uint32_t slot = 0;
  config::ClusterPtr cluster;
  EndpointSetPtr endpoints;          // nullptr: those of the configuration
  HostStatesPtr states = {};         // of those endpoints; nullptr: nobody watches or asks them
  ClusterHashTablesPtr tables = {};  // of those endpoints; nullptr: a worker makes its own
};

class ClusterTable {
 public:
  ClusterTable(runtime::Loop& loop, unsigned worker, uint64_t seed);
  ~ClusterTable();

  // What balancers ask; nullptr: nothing. Before the first request.
  void set_runtime(const config::RuntimeSnapshotPtr* runtime) { runtime_ = runtime; }
  // The endpoints in force, whether or not the cluster is in use. `version` is another one when
  // they or what is known of them changed.
  struct EndpointsView {
    const config::EndpointSet* endpoints = nullptr;
    const HostStates* states = nullptr;
    uint64_t version = 0;
    // Of the n-th of all; nullptr: nobody watches or asks them.
    const HostState* state(size_t n) const {
      return states == nullptr || n >= states->size() ? nullptr : (*states)[n].get();
    }
  };
  EndpointsView endpoints_of(uint32_t slot) const;
  // After it, `changes` holds what they replaced, to be freed where that takes no worker's time.
  void apply(std::vector<ClusterChange>& changes);
  // Shorter ways for tests and for the start.
  void set_clusters(const std::vector<config::ClusterPtr>& clusters);
  void update_endpoints(uint32_t slot, EndpointSetPtr endpoints);
  // nullptr: no cluster of that name. Who keeps it beyond the call keeps a WorkerClusterRef.
  WorkerCluster* find(uint32_t slot) {
    if (slot >= entries_.size()) return nullptr;
    Entry& entry = entries_[slot];
    if (entry.outdated) refresh(entry);
    if (entry.active != nullptr) return entry.active.get();
    return entry.config == nullptr ? nullptr : activate(entry);
  }
  const config::Cluster* config(const config::ClusterRef& ref) const {
    return ref.slot < entries_.size() ? entries_[ref.slot].config.get() : nullptr;
  }
  // Name -> cluster, for names that come from a request (cluster_header).
  WorkerCluster* find(std::string_view name);
  // Ends every connection now.
  void close_all();

  // Of versions that were replaced or removed, those that are still in use.
  size_t retired_count() const { return retired_.size(); }

 private:
  struct Entry {
    config::ClusterPtr config;
    EndpointSetPtr endpoints;  // nullptr: those of the configuration
    HostStatesPtr states;
    ClusterHashTablesPtr tables;
    std::unique_ptr<WorkerCluster> active;
    uint64_t version = 0;
    bool outdated = false;  // `active` does not know the latest change yet
  };
  void apply(ClusterChange& change);
  WorkerCluster* activate(Entry& entry);
  void refresh(Entry& entry);
  void replace(Entry& entry);
  void retire(std::unique_ptr<WorkerCluster> cluster);
  void refresh_some();
  void sweep_retired();

  runtime::Loop& loop_;
  unsigned worker_;
  uint64_t seed_;
  uint64_t made_ = 0;  // clusters
  const config::RuntimeSnapshotPtr* runtime_ = nullptr;
  std::vector<Entry> entries_;
  std::deque<uint32_t> outdated_;  // slots; may name some twice
  std::vector<std::unique_ptr<WorkerCluster>> retired_;
  // Made when the first request names a cluster.
  std::unordered_map<std::string, uint32_t> names_;
  bool names_made_ = false;
  runtime::Timer refresh_timer_;
  runtime::TurnTask sweep_;
};

}  // namespace outrigger::upstream
