// ClusterSet: every cluster in force, static or discovered: who else must know of a change is told:
// each thread's ClusterTable, DNS, the statistics of membership. The changes of one turn of the
// main thread go to a thread in one piece, and what they replaced comes back to be freed here.
// Thread: main. Lifetime: the server's; the io_context and the threads outlive it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "boost/asio/io_context.hpp"

#include "api/config/cluster.h"
#include "api/dns_cache.h"
#include "proxy/admin/server_view.h"
#include "proxy/cluster_resolution.h"
#include "proxy/host_health_set.h"
#include "proxy/upstream/cluster_table.h"
#include "xds/dynamic/load_counts.h"
#include "xds/sinks.h"

namespace outrigger {

class ClusterSet final : public xds::ClusterSink {
 public:
  // Runs a command on the thread whose table it is: Worker::command, MainLoop::command.
  using Command = std::function<void(upstream::ClusterTable&)>;
  using Thread = std::function<void(Command)>;

  ClusterSet(boost::asio::io_context& io, StatsRegistry& stats);
  ~ClusterSet() override;

  // What is found out of the endpoints; before anything is set.
  HostHealthSet& health() { return health_; }
  // Before anything is set.
  void add_thread(Thread thread) { threads_.push_back(std::move(thread)); }
  // The clusters of the bootstrap, in force before the call returns where the thread has not been
  // started yet.
  void set_static(const std::vector<config::ClusterPtr>& clusters);
  // Begins to ask DNS for them. `ready` is called once, never from inside the call: those that are
  // to be waited for have their first addresses, or waited long enough.
  absl::Status resolve(std::function<void()> ready);

  // Who asks DNS in this way; stays.
  absl::StatusOr<dns::Resolver*> resolver(const config::DnsResolver& config) {
    return resolution_.resolver_for(config);
  }
  // The cache has other hosts: those of the clusters that have it.
  void on_hosts_changed(const DnsCachePtr& cache);

  // ClusterSink
  void warm(const config::ClusterPtr& cluster, std::function<void()> ready) override;
  void check(const config::ClusterPtr& cluster, const EndpointSetPtr& endpoints,
             std::function<void()> ready) override;
  void abandon(uint32_t slot) override {
    resolution_.abandon(slot);
    health_.abandon(slot);
  }
  void set(const config::ClusterPtr& cluster, const EndpointSetPtr& endpoints) override;
  void set_endpoints(uint32_t slot, const EndpointSetPtr& endpoints) override;
  void remove(uint32_t slot) override;
  void when_in_force(std::function<void()> then) override;

  // For administration: in the order of their slots, static ones first.
  std::vector<admin::ClusterStatus> clusters() const;
  const config::Cluster* find(uint32_t slot) const;
  // For load reports.
  std::vector<xds::ReportedCluster> reported() const;

 private:
  struct Entry {
    config::ClusterPtr config;
    EndpointSetPtr endpoints;  // in force
    bool dynamic = true;
    upstream::HostStatesPtr states = {};         // of the endpoints; nullptr: nothing is known
    EndpointSetPtr wanted = {};                  // without those that only their checks keep
    upstream::ClusterHashTablesPtr tables = {};  // nullptr: workers make their own
  };
  void change(upstream::ClusterChange change);
  void flush();
  // Of each cluster once, whatever the number of its changes.
  void make_hash_tables();
  void on_applied(uint64_t batch);
  // Returns what is in force: more than is wanted, if checks keep some that went.
  const EndpointSetPtr& put_endpoints(Entry& entry, const EndpointSetPtr& wanted);
  void on_health_changed(uint32_t slot);

  boost::asio::io_context& io_;
  ClusterResolution resolution_;
  HostHealthSet health_;
  std::vector<Thread> threads_;
  std::map<uint32_t, Entry> entries_;  // by slot
  std::vector<upstream::ClusterChange> pending_;
  bool flush_posted_ = false;
  struct Waiter {
    uint64_t batch;
    std::function<void()> then;
  };
  uint64_t sent_ = 0;                    // batches
  std::map<uint64_t, size_t> applying_;  // batch -> threads that have not answered
  std::vector<Waiter> waiters_;
};

}  // namespace outrigger
