#include "proxy/cluster_resolution.h"

#include <algorithm>
#include <string>

#include "boost/asio/post.hpp"
#include "fmt/format.h"

#include "proxy/cluster_membership.h"

namespace outrigger {

ClusterResolution::ClusterResolution(boost::asio::io_context& io, StatsRegistry& stats,
                                     Publish publish)
    : io_(io),
      publish_(std::move(publish)),
      stats_(stats.scope<DnsStats>("dns.cares.")),
      alarms_(io),
      random_(std::random_device()()) {}

ClusterResolution::~ClusterResolution() = default;

absl::Status ClusterResolution::start(const std::vector<config::ClusterPtr>& clusters,
                                      std::function<void()> ready) {
  for (const config::ClusterPtr& cluster : clusters) {
    if (cluster->dns == nullptr) continue;
    if (absl::Status status = add(cluster); !status.ok())
      return absl::UnavailableError(
          fmt::format("cluster {}: {}", cluster->ref.name, std::string(status.message())));
  }
  ready_ = std::move(ready);
  for (auto& [slot, cluster] : clusters_) cluster->start();
  note_ready();
  return absl::OkStatus();
}

absl::Status ClusterResolution::add(const config::ClusterPtr& cluster) {
  auto resolver = resolver_for(cluster->dns->resolver);
  if (!resolver.ok()) return resolver.status();
  dns::DnsCluster::Parts parts{cluster, **resolver,
                               alarms_, [this] { return random_(); },
                               nullptr, [this] { note_ready(); }};
  parts.publish = [this, cluster, before = cluster->endpoints](const EndpointSetPtr& now) mutable {
    note_membership(*cluster, before.get(), *now);
    before = now;
    publish_(cluster->ref.slot, now);
  };
  clusters_[cluster->ref.slot] = std::make_unique<dns::DnsCluster>(std::move(parts));
  return absl::OkStatus();
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

void ClusterResolution::note_ready() {
  bool all = std::all_of(clusters_.begin(), clusters_.end(),
                         [](const auto& entry) { return entry.second->is_ready(); });
  if (!all || ready_ == nullptr) return;
  boost::asio::post(io_, std::exchange(ready_, nullptr));
}

ClusterResolution::EndpointSetPtr ClusterResolution::endpoints(
    const config::Cluster& cluster) const {
  auto at = clusters_.find(cluster.ref.slot);
  return at == clusters_.end() ? cluster.endpoints : at->second->endpoints();
}

}  // namespace outrigger
