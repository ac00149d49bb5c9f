// ClusterResolution: the DNS clusters of the process: their resolvers, their refreshes, and what
// the workers are told. Thread: main. Lifetime: the server's; the io_context outlives it.
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
  // Tells every worker of the new endpoints of the cluster in this slot.
  using Publish = std::function<void(uint32_t slot, const EndpointSetPtr&)>;

  ClusterResolution(boost::asio::io_context& io, StatsRegistry& stats, Publish publish);
  ~ClusterResolution();

  // Begins to resolve. `ready` is called once, never from inside the call: each cluster that is to
  // be waited for has its first answers, or waited long enough.
  absl::Status start(const std::vector<config::ClusterPtr>& clusters, std::function<void()> ready);
  // The endpoints in force: found by DNS, or the configuration's.
  EndpointSetPtr endpoints(const config::Cluster& cluster) const;

 private:
  absl::StatusOr<dns::Resolver*> resolver_for(const config::DnsResolver& config);
  absl::Status add(const config::ClusterPtr& cluster);
  void note_ready();

  boost::asio::io_context& io_;
  Publish publish_;
  StatsScopePtr stats_;
  dns::AsioAlarms alarms_;
  std::mt19937_64 random_;
  std::vector<std::pair<config::DnsResolver, std::unique_ptr<dns::CaresResolver>>> resolvers_;
  std::unordered_map<uint32_t, std::unique_ptr<dns::DnsCluster>> clusters_;  // by slot
  std::function<void()> ready_;                                              // nullptr: was called
};

}  // namespace outrigger
