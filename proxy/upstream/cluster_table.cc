#include "proxy/upstream/cluster_table.h"

#include <algorithm>

#include "proxy/upstream/conn_pool.h"
#include "proxy/upstream/original_hosts.h"

namespace outrigger::upstream {
namespace {

using namespace std::chrono_literals;

// Clusters in use that are brought up to date in one go: some 10 us each, so that requests do not
// notice. The others have their turn a millisecond later, or with their next request.
constexpr size_t kRefreshedAtOnce = 64;

// A version whose last connections may be among what the turn gave up.
struct LastCluster final : runtime::Deferred {
  explicit LastCluster(std::unique_ptr<WorkerCluster> cluster_in)
      : cluster(std::move(cluster_in)) {}
  std::unique_ptr<WorkerCluster> cluster;
};

}  // namespace

ClusterTable::ClusterTable(runtime::Loop& loop, unsigned worker, uint64_t seed)
    : loop_(loop),
      worker_(worker),
      seed_(seed),
      refresh_timer_(loop.timers(),
                     runtime::Timer::call<&ClusterTable::refresh_some, ClusterTable>(), this),
      sweep_([](void* self) { static_cast<ClusterTable*>(self)->sweep_retired(); }, this) {}

ClusterTable::~ClusterTable() = default;

void ClusterTable::apply(std::vector<ClusterChange>& changes) {
  for (ClusterChange& change : changes) apply(change);
  if (!outdated_.empty() && !refresh_timer_.armed()) refresh_some();
}

void ClusterTable::apply(ClusterChange& change) {
  using Kind = ClusterChange::Kind;
  if (change.slot >= entries_.size()) {
    if (change.kind != Kind::set) return;
    entries_.resize(change.slot + 1);
  }
  Entry& entry = entries_[change.slot];
  ++entry.version;
  entry.endpoints.swap(change.endpoints);
  entry.states.swap(change.states);
  entry.tables.swap(change.tables);
  if (change.kind != Kind::endpoints) entry.config.swap(change.cluster);
  if (names_made_ && entry.config != nullptr)
    names_.try_emplace(entry.config->ref.name, change.slot);
  if (entry.active == nullptr || std::exchange(entry.outdated, true)) return;
  outdated_.push_back(change.slot);
}

ClusterTable::EndpointsView ClusterTable::endpoints_of(uint32_t slot) const {
  if (slot >= entries_.size() || entries_[slot].config == nullptr) return {};
  const Entry& entry = entries_[slot];
  const auto& endpoints = entry.endpoints == nullptr ? entry.config->endpoints : entry.endpoints;
  return {endpoints.get(), entry.states.get(), entry.version};
}

void ClusterTable::set_clusters(const std::vector<config::ClusterPtr>& clusters) {
  std::vector<ClusterChange> changes;
  for (const config::ClusterPtr& cluster : clusters)
    changes.push_back({ClusterChange::Kind::set, cluster->ref.slot, cluster, nullptr, nullptr});
  apply(changes);
}

void ClusterTable::update_endpoints(uint32_t slot, EndpointSetPtr endpoints) {
  std::vector<ClusterChange> changes(1);
  changes[0] = {ClusterChange::Kind::endpoints, slot, nullptr, std::move(endpoints), nullptr};
  apply(changes);
}

WorkerCluster* ClusterTable::find(std::string_view name) {
  if (!std::exchange(names_made_, true)) {
    for (const Entry& entry : entries_) {
      if (entry.config != nullptr) names_.emplace(entry.config->ref.name, entry.config->ref.slot);
    }
  }
  auto at = names_.find(std::string(name));
  return at == names_.end() ? nullptr : find(at->second);
}

WorkerCluster* ClusterTable::activate(Entry& entry) {
  entry.active = std::make_unique<WorkerCluster>(
      entry.config, loop_, worker_, seed_ + entry.config->ref.slot, entry.endpoints, nullptr,
      entry.states, BalancerEnv{nullptr, runtime_, nullptr, this}, entry.tables);
  entry.active->join(*this, ++made_);
  return entry.active.get();
}

void ClusterTable::refresh(Entry& entry) {
  entry.outdated = false;
  if (entry.active == nullptr) return;
  if (entry.config == nullptr) {
    retire(std::move(entry.active));
  } else if (entry.config != entry.active->config_ptr()) {
    replace(entry);
  } else {
    entry.active->update_endpoints(
        entry.endpoints == nullptr ? entry.config->endpoints : entry.endpoints, entry.states,
        entry.tables);
  }
}

void ClusterTable::replace(Entry& entry) {
  std::unique_ptr<WorkerCluster> before = std::move(entry.active);
  uint64_t identity = entry.config->connection_identity;
  if (identity != 0 && identity == before->config().connection_identity) {
    entry.active = std::make_unique<WorkerCluster>(
        entry.config, loop_, worker_, seed_ + entry.config->ref.slot, entry.endpoints, before.get(),
        entry.states, BalancerEnv{nullptr, runtime_, nullptr, this}, entry.tables);
    entry.active->join(*this, ++made_);
  }
  retire(std::move(before));
}

void ClusterTable::retire(std::unique_ptr<WorkerCluster> cluster) {
  retired_.push_back(std::move(cluster));
  retired_.back()->retire(sweep_);
}

void ClusterTable::refresh_some() {
  for (size_t n = 0; n < kRefreshedAtOnce && !outdated_.empty(); ++n) {
    Entry& entry = entries_[outdated_.front()];
    outdated_.pop_front();
    if (entry.outdated) refresh(entry);
  }
  if (!outdated_.empty()) refresh_timer_.start(1ms);
}

void ClusterTable::sweep_retired() {
  for (auto& cluster : retired_) {
    if (cluster->unused()) loop_.defer_delete(std::make_unique<LastCluster>(std::move(cluster)));
  }
  std::erase(retired_, nullptr);
}

void ClusterTable::close_all() {
  for (Entry& entry : entries_) {
    if (entry.active != nullptr) entry.active->close_all();
  }
  for (auto& cluster : retired_) cluster->close_all();
}

}  // namespace outrigger::upstream
