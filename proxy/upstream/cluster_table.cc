#include "proxy/upstream/cluster_table.h"

#include "proxy/upstream/conn_pool.h"
#include "proxy/upstream/original_hosts.h"

namespace outrigger::upstream {

void ClusterTable::set_clusters(const std::vector<config::ClusterPtr>& clusters) {
  for (const config::ClusterPtr& cluster : clusters) {
    if (cluster->ref.slot >= entries_.size()) entries_.resize(cluster->ref.slot + 1);
    entries_[cluster->ref.slot].config = cluster;
  }
}

void ClusterTable::update_endpoints(uint32_t slot, EndpointSetPtr endpoints) {
  if (slot >= entries_.size()) return;
  Entry& entry = entries_[slot];
  entry.endpoints = std::move(endpoints);
  if (entry.active != nullptr) entry.active->update_endpoints(entry.endpoints);
}

WorkerCluster* ClusterTable::find(std::string_view name) {
  for (Entry& entry : entries_) {
    if (entry.config != nullptr && entry.config->ref.name == name)
      return find(entry.config->ref.slot);
  }
  return nullptr;
}

WorkerCluster* ClusterTable::activate(Entry& entry) {
  entry.active = std::make_unique<WorkerCluster>(entry.config, loop_, worker_,
                                                 seed_ + entry.config->ref.slot, entry.endpoints);
  return entry.active.get();
}

void ClusterTable::close_all() {
  for (Entry& entry : entries_) {
    if (entry.active != nullptr) entry.active->close_all();
  }
}

}  // namespace outrigger::upstream
