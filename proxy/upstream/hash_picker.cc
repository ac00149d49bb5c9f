#include "proxy/upstream/hash_picker.h"

#include <utility>

#include "proxy/upstream/bounded_picker.h"

namespace outrigger::upstream {
namespace {

using HostList = std::shared_ptr<const std::vector<Host*>>;

class HashPicker final : public HostPicker {
 public:
  HashPicker(HashTablePtr table, HostList hosts)
      : table_(std::move(table)), hosts_(std::move(hosts)) {}
  Host* pick(const Draw& draw) override {
    uint32_t member = table_->find(draw.number, draw.attempt);
    return (*hosts_)[table_->members()[member].place];
  }

 private:
  HashTablePtr table_;
  HostList hosts_;
};

// The same in each worker: whoever writes last writes nothing new.
void note(const config::Cluster& cluster, const HashTable::Figures& figures) {
  if (cluster.hashing_stats == nullptr) return;
  auto fewest = static_cast<int64_t>(figures.fewest);
  auto most = static_cast<int64_t>(figures.most);
  if (cluster.balancer == config::Cluster::Balancer::maglev) {
    auto& stats = cluster.hashing_stats->local<MaglevStats>(0);
    stats.min_entries_per_host.set(fewest);
    stats.max_entries_per_host.set(most);
  } else {
    auto& stats = cluster.hashing_stats->local<RingHashStats>(0);
    stats.size.set(static_cast<int64_t>(figures.size));
    stats.min_hashes_per_host.set(fewest);
    stats.max_hashes_per_host.set(most);
  }
}

}  // namespace

std::unique_ptr<HostPicker> make_hash_picker(const config::Cluster& cluster, HashTablePtr table,
                                             HostList hosts, const BalancerEnv& env) {
  if (table == nullptr) return nullptr;
  note(cluster, table->figures());
  uint32_t percent = cluster.hashing == nullptr ? 0 : cluster.hashing->balance_percent;
  if (percent == 0) return std::make_unique<HashPicker>(std::move(table), std::move(hosts));
  return std::make_unique<BoundedPicker>(std::move(table), std::move(hosts), percent, env);
}

}  // namespace outrigger::upstream
