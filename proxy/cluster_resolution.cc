#include "proxy/cluster_resolution.h"

#include <string>

#include "boost/asio/post.hpp"

namespace outrigger {

ClusterResolution::ClusterResolution(boost::asio::io_context& io, StatsRegistry& stats,
                                     Publish publish)
    : io_(io),
      publish_(std::move(publish)),
      stats_(stats.scope<DnsStats>("dns.cares.")),
      alarms_(io),
      random_(std::random_device()()) {}

ClusterResolution::~ClusterResolution() = default;

absl::StatusOr<ClusterResolution::Resolved> ClusterResolution::make(
    const config::ClusterPtr& cluster, std::function<void()> ready) {
  auto resolver = resolver_for(cluster->dns->resolver);
  if (!resolver.ok()) return resolver.status();
  Resolved out;
  dns::DnsCluster::Parts parts{cluster, **resolver,      alarms_, [this] { return random_(); },
                               nullptr, std::move(ready)};
  parts.publish = [this, in_force = out.in_force,
                   slot = cluster->ref.slot](const EndpointSetPtr& now) {
    if (*in_force) publish_(slot, now);
  };
  out.cluster = std::make_unique<dns::DnsCluster>(std::move(parts));
  return out;
}

absl::Status ClusterResolution::warm(const config::ClusterPtr& cluster,
                                     std::function<void()> ready) {
  auto made = make(cluster, std::move(ready));
  if (!made.ok()) return made.status();
  dns::DnsCluster& begun = *made->cluster;
  warming_.insert_or_assign(cluster->ref.slot, *std::move(made));
  begun.start();
  return absl::OkStatus();
}

ClusterResolution::EndpointSetPtr ClusterResolution::warming(
    const config::ClusterPtr& cluster) const {
  auto at = warming_.find(cluster->ref.slot);
  bool begun = at != warming_.end() && at->second.cluster->cluster() == cluster;
  return begun ? at->second.cluster->endpoints() : nullptr;
}

absl::StatusOr<ClusterResolution::EndpointSetPtr> ClusterResolution::promote(
    const config::ClusterPtr& cluster) {
  uint32_t slot = cluster->ref.slot;
  if (cluster->dns == nullptr) {
    remove(slot);
    return EndpointSetPtr();
  }
  auto at = warming_.find(slot);
  bool begun = at != warming_.end() && at->second.cluster->cluster() == cluster;
  if (!begun) {
    if (absl::Status status = warm(cluster, nullptr); !status.ok()) return status;
    at = warming_.find(slot);
  }
  Resolved promoted = std::move(at->second);
  warming_.erase(at);
  *promoted.in_force = true;
  EndpointSetPtr endpoints = promoted.cluster->endpoints();
  auto before = in_force_.find(slot);
  if (before == in_force_.end()) {
    in_force_.emplace(slot, std::move(promoted));
    return endpoints;
  }
  // It may be one of its own answers that brought us here.
  std::swap(before->second, promoted);
  *promoted.in_force = false;
  boost::asio::post(io_, [last = std::shared_ptr<dns::DnsCluster>(std::move(promoted.cluster))] {});
  return endpoints;
}

void ClusterResolution::remove(uint32_t slot) {
  warming_.erase(slot);
  in_force_.erase(slot);
}

absl::StatusOr<dns::Resolver*> ClusterResolution::resolver_for(const config::DnsResolver& config) {
  for (auto& [of, resolver] : resolvers_) {
    if (of == config) return resolver.get();
  }
  auto made =
      dns::CaresResolver::create(io_, config, stats_->local<DnsStats>(StatsScope::kMainThread));
  if (!made.ok()) return made.status();
  resolvers_.emplace_back(config, *std::move(made));
  return resolvers_.back().second.get();
}

}  // namespace outrigger
