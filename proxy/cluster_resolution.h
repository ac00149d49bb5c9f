// ClusterResolution: the DNS clusters of the process: their resolvers, their refreshes, and what
// the workers are told. A new version of a cluster is resolved beside the one in force, until it is
// promoted or abandoned. Thread: main. Lifetime: the server's; the io_context outlives it.
#pragma once

#include <functional>
#include <memory>
#include <random>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "boost/asio/io_context.hpp"

#include "api/config/cluster.h"
#include "api/stats_dns.h"
#include "proxy/dns/asio_alarms.h"
#include "proxy/dns/cares_resolver.h"
#include "proxy/dns/dns_cluster.h"

namespace outrigger {

class ClusterResolution {
 public:
  using EndpointSetPtr = dns::DnsCluster::EndpointSetPtr;
  // The endpoints of the cluster in force in this slot, from now on.
  using Publish = std::function<void(uint32_t slot, const EndpointSetPtr&)>;

  ClusterResolution(boost::asio::io_context& io, StatsRegistry& stats, Publish publish);
  ~ClusterResolution();

  // Begins to resolve a cluster with `dns`, which is not in force: nothing is published. `ready` is
  // called once, maybe from inside the call: it has its first answers, or waited long enough.
  // Replaces another one of the slot that is not in force yet. Errors: there is no resolver.
  absl::Status warm(const config::ClusterPtr& cluster, std::function<void()> ready);
  // What was found is published from now on. Returns what is there already; nullptr: the cluster
  // does not ask DNS. One that was never warmed begins now.
  absl::StatusOr<EndpointSetPtr> promote(const config::ClusterPtr& cluster);
  // What was found for a cluster that warm() began; nullptr: it does not ask DNS.
  EndpointSetPtr warming(const config::ClusterPtr& cluster) const;
  // What warm() began is not needed.
  void abandon(uint32_t slot) { warming_.erase(slot); }
  // The slot's cluster is gone, in force or not.
  void remove(uint32_t slot);
  // Who asks in this way; stays.
  absl::StatusOr<dns::Resolver*> resolver_for(const config::DnsResolver& config);

 private:
  // The cluster and what is done with its answers.
  struct Resolved {
    std::unique_ptr<dns::DnsCluster> cluster;
    std::shared_ptr<bool> in_force = std::make_shared<bool>(false);
  };
  absl::StatusOr<Resolved> make(const config::ClusterPtr& cluster, std::function<void()> ready);

  boost::asio::io_context& io_;
  Publish publish_;
  StatsScopePtr stats_;
  dns::AsioAlarms alarms_;
  std::mt19937_64 random_;
  std::vector<std::pair<config::DnsResolver, std::unique_ptr<dns::CaresResolver>>> resolvers_;
  std::unordered_map<uint32_t, Resolved> in_force_, warming_;  // by slot
};

}  // namespace outrigger
