#include "xds/dynamic/managed_cluster.h"

#include <utility>

#include "xds/dynamic/cluster_identity.h"
#include "xds/protocol/types.h"

namespace outrigger::xds {
namespace {

// What a compilation waits for goes to the object that is compiled.
class WaitFor {
 public:
  WaitFor(CompileEnvironment& environment, InitSet* set)
      : environment_(environment), before_(std::exchange(environment.init, set)) {}
  ~WaitFor() { environment_.init = before_; }
  WaitFor(const WaitFor&) = delete;
  WaitFor& operator=(const WaitFor&) = delete;

 private:
  CompileEnvironment& environment_;
  InitSet* before_;
};

}  // namespace

ManagedCluster::~ManagedCluster() {
  give_warming_up();
  if (active_ == nullptr) return;
  parts_.sink.remove(active_->config->ref.slot);
  parts_.stats.active_clusters.dec();
}

bool ManagedCluster::has(uint64_t hash) const {
  if (warming_ != nullptr) return warming_->hash == hash;
  return active_ != nullptr && active_->hash == hash;
}

bool ManagedCluster::return_to(uint64_t hash, const Resource& resource) {
  if (warming_ == nullptr || active_ == nullptr || active_->hash != hash) return false;
  give_warming_up();
  parts_.ledger.activated(kClusterType, resource);
  return true;
}

std::shared_ptr<const InitSet> ManagedCluster::waiting() const {
  return warming_ == nullptr ? nullptr : warming_->init;
}

absl::Status ManagedCluster::take(const Message& message, uint64_t hash, const Resource& resource,
                                  std::shared_ptr<InitTarget> first) {
  auto version = compile(message);
  if (!version.ok()) return version.status();
  (*version)->hash = hash;
  (*version)->first = std::move(first);
  (empty() ? parts_.stats.cluster_added : parts_.stats.cluster_modified).inc();
  give_warming_up();
  warm(*std::move(version), resource);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<ManagedCluster::Version>> ManagedCluster::compile(
    const Message& message) {
  auto out = std::make_unique<Version>();
  out->init = std::make_shared<InitSet>("Cluster " + name_);
  WaitFor wait(parts_.environment, out->init.get());
  auto compiled = compile_cluster(message, parts_.environment, parts_.defaults);
  if (!compiled.ok()) return compiled.status();
  config::Cluster& config = **compiled;
  config.connection_identity = connection_identity(message);
  if (active_ != nullptr) continue_cluster(*active_->config, config);
  out->config = *std::move(compiled);
  if (absl::Status status = discover(message, *out); !status.ok()) return status;
  return out;
}

absl::Status ManagedCluster::discover(const Message& message, Version& version) {
  if (version.config->discovery != config::Cluster::Discovery::eds) return absl::OkStatus();
  std::string key = EndpointDiscovery::key_of(message, *version.config);
  for (const auto& other : {warming_.get(), active_.get()}) {
    if (other != nullptr && other->endpoints != nullptr && other->endpoints->key() == key)
      version.endpoints = other->endpoints;
  }
  if (version.endpoints == nullptr) {
    auto discovery = EndpointDiscovery::subscribe(message, version.config, parts_.discovery);
    if (!discovery.ok()) return discovery.status();
    version.endpoints = *std::move(discovery);
  }
  version.endpoints->wait(*version.init);
  return absl::OkStatus();
}

void ManagedCluster::warm(std::unique_ptr<Version> version, const Resource& resource) {
  warming_ = std::move(version);
  note_warming(*warming_->config, true);
  std::shared_ptr<InitSet> init = warming_->init;
  if (warming_->config->dns != nullptr) {
    auto resolved = init->add("DNS");
    parts_.sink.warm(warming_->config, [resolved] { resolved->ready(); });
  }
  bool checks = !warming_->config->health_checks.empty();
  if (init->is_ready() && !checks) return activate(resource);
  parts_.ledger.warming(kClusterType, resource);
  warming_->resource = resource;
  init->when_ready([this] { check_endpoints(); });
}

// Its endpoints are known: each is asked once before it is in force.
void ManagedCluster::check_endpoints() {
  if (warming_->config->health_checks.empty()) return activate_warm();
  EndpointDiscovery* discovery = warming_->endpoints.get();
  // It may be given up, or replaced, before the answer.
  std::weak_ptr<const config::Cluster> mine = warming_->config;
  parts_.sink.check(warming_->config, discovery == nullptr ? nullptr : discovery->endpoints(),
                    [this, mine, alive = std::weak_ptr<bool>(alive_)] {
                      if (alive.expired() || warming_ == nullptr || warming_->config != mine.lock())
                        return;
                      activate_warm();
                    });
}

void ManagedCluster::activate_warm() {
  Resource mine = *std::move(warming_->resource);
  activate(mine);
}

void ManagedCluster::activate(const Resource& resource) {
  std::unique_ptr<Version> before = std::exchange(active_, std::exchange(warming_, nullptr));
  note_warming(*active_->config, false);
  if (before == nullptr) parts_.stats.active_clusters.inc();
  uint32_t slot = active_->config->ref.slot;
  EndpointDiscovery* discovery = active_->endpoints.get();
  parts_.sink.set(active_->config, discovery == nullptr ? nullptr : discovery->endpoints());
  if (discovery != nullptr) {
    discovery->on_change(
        [this, slot](const auto& endpoints) { parts_.sink.set_endpoints(slot, endpoints); });
  }
  parts_.ledger.activated(kClusterType, resource);
  active_->init.reset();
  // The one who waits for the first clusters may go on.
  std::shared_ptr<InitTarget> first = std::move(active_->first);
  before.reset();
  parts_.activated(name_);
  if (first != nullptr) first->ready();
}

void ManagedCluster::give_warming_up() {
  if (warming_ == nullptr) return;
  std::unique_ptr<Version> gone = std::move(warming_);
  gone->init->when_ready(nullptr);
  if (gone->config->dns != nullptr || !gone->config->health_checks.empty())
    parts_.sink.abandon(gone->config->ref.slot);
  note_warming(*gone->config, false);
}

void ManagedCluster::note_warming(const config::Cluster& cluster, bool warming) {
  Gauge& clusters = parts_.stats.warming_clusters;
  warming ? clusters.inc() : clusters.dec();
  cluster.config_stats->local<ClusterConfigStats>(StatsScope::kMainThread)
      .warming_state.set(warming ? 1 : 0);
}

}  // namespace outrigger::xds
