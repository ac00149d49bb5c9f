#include "proxy/cluster_set.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "boost/asio/post.hpp"
#include "fmt/format.h"

#include "proxy/cluster_membership.h"
#include "proxy/runtime/log.h"

namespace outrigger {

using upstream::ClusterChange;

namespace {

std::string text_of(const absl::Status& status) {
  return std::string(status.message());
}

}  // namespace

ClusterSet::ClusterSet(boost::asio::io_context& io, StatsRegistry& stats)
    : io_(io),
      resolution_(io, stats,
                  [this](uint32_t slot, const EndpointSetPtr& endpoints) {
                    set_endpoints(slot, endpoints);
                  }),
      health_(io, [this](uint32_t slot) { on_health_changed(slot); }) {}

ClusterSet::~ClusterSet() = default;

void ClusterSet::set_static(const std::vector<config::ClusterPtr>& clusters) {
  for (const config::ClusterPtr& cluster : clusters) {
    Entry& entry = entries_[cluster->ref.slot];
    entry = {cluster, nullptr, false};
    put_endpoints(entry, cluster->endpoints);
    pending_.push_back(
        {ClusterChange::Kind::set, cluster->ref.slot, cluster, nullptr, entry.states});
  }
  flush();
}

absl::Status ClusterSet::resolve(std::function<void()> ready) {
  // One for each that is waited for, and one for this call.
  auto waiting = std::make_shared<size_t>(1);
  auto note = [this, waiting, ready = std::move(ready)] {
    if (--*waiting == 0) boost::asio::post(io_, ready);
  };
  for (auto& [slot, entry] : entries_) {
    if (entry.config->dns == nullptr) {
      ++*waiting;
      health_.when_checked(slot, note);
      continue;
    }
    ++*waiting;
    // Its addresses first; then each of them is asked.
    auto checked = [this, slot = slot, note] {
      boost::asio::post(io_, [this, slot, note] { health_.when_checked(slot, note); });
    };
    absl::Status status = resolution_.warm(entry.config, checked);
    if (status.ok()) status = resolution_.promote(entry.config).status();
    if (!status.ok())
      return absl::UnavailableError(
          fmt::format("cluster {}: {}", entry.config->ref.name, text_of(status)));
  }
  note();
  return absl::OkStatus();
}

void ClusterSet::warm(const config::ClusterPtr& cluster, std::function<void()> ready) {
  if (cluster->dns == nullptr) return ready();
  if (absl::Status status = resolution_.warm(cluster, ready); !status.ok()) {
    OUTRIGGER_LOG(upstream, error, "cluster {}: {}", cluster->ref.name, text_of(status));
    ready();
  }
}

void ClusterSet::check(const config::ClusterPtr& cluster, const EndpointSetPtr& endpoints,
                       std::function<void()> ready) {
  EndpointSetPtr found = endpoints == nullptr ? resolution_.warming(cluster) : endpoints;
  health_.warm(cluster, found == nullptr ? *cluster->endpoints : *found, std::move(ready));
}

void ClusterSet::set(const config::ClusterPtr& cluster, const EndpointSetPtr& endpoints) {
  auto resolved = resolution_.promote(cluster);
  if (!resolved.ok())
    OUTRIGGER_LOG(upstream, error, "cluster {}: {}", cluster->ref.name, text_of(resolved.status()));
  EndpointSetPtr found = endpoints;
  if (found == nullptr && resolved.ok()) found = *std::move(resolved);
  if (found == nullptr && cluster->dns_cache != nullptr) found = cluster->dns_cache->endpoints();
  Entry& entry = entries_[cluster->ref.slot];
  entry.config = cluster;
  const EndpointSetPtr& wanted = found == nullptr ? cluster->endpoints : found;
  if (const EndpointSetPtr& now = put_endpoints(entry, EndpointSetPtr(wanted)); now != wanted)
    found = now;
  change({ClusterChange::Kind::set, cluster->ref.slot, cluster, std::move(found), entry.states});
}

void ClusterSet::set_endpoints(uint32_t slot, const EndpointSetPtr& endpoints) {
  auto at = entries_.find(slot);
  if (at == entries_.end()) return;
  const EndpointSetPtr& now = put_endpoints(at->second, endpoints);
  change({ClusterChange::Kind::endpoints, slot, nullptr, now, at->second.states});
}

void ClusterSet::on_hosts_changed(const DnsCachePtr& cache) {
  for (const auto& [slot, entry] : entries_) {
    if (entry.config->dns_cache == cache) set_endpoints(slot, cache->endpoints());
  }
}

const ClusterSet::EndpointSetPtr& ClusterSet::put_endpoints(Entry& entry,
                                                            const EndpointSetPtr& wanted) {
  EndpointSetPtr now = health_.keep_passing(entry.config, entry.endpoints.get(), wanted);
  note_membership(*entry.config, entry.endpoints.get(), *now);
  entry.wanted = wanted;
  entry.endpoints = std::move(now);
  entry.states = health_.set(entry.config, *entry.endpoints);
  note_health(*entry.config, *entry.endpoints, entry.states.get());
  return entry.endpoints;
}

// The endpoints are the same, but for those that only their checks kept; each thread's balancer
// looks at their states anew.
void ClusterSet::on_health_changed(uint32_t slot) {
  auto at = entries_.find(slot);
  if (at == entries_.end()) return;
  Entry& entry = at->second;
  constexpr uint32_t kGone = HealthFlag::kPendingRemoval | HealthFlag::kFailedActiveCheck;
  bool some_go = entry.states != nullptr && std::any_of(entry.states->begin(), entry.states->end(),
                                                        [](const upstream::HostStatePtr& state) {
                                                          return (state->flags() & kGone) == kGone;
                                                        });
  if (some_go) {
    put_endpoints(entry, EndpointSetPtr(entry.wanted));
  } else {
    note_health(*entry.config, *entry.endpoints, entry.states.get());
  }
  change({ClusterChange::Kind::endpoints, slot, nullptr, entry.endpoints, entry.states});
}

void ClusterSet::remove(uint32_t slot) {
  resolution_.remove(slot);
  health_.remove(slot);
  if (entries_.erase(slot) > 0)
    change({ClusterChange::Kind::remove, slot, nullptr, nullptr, nullptr});
}

void ClusterSet::change(ClusterChange change) {
  pending_.push_back(std::move(change));
  if (std::exchange(flush_posted_, true)) return;
  boost::asio::post(io_, [this] { flush(); });
}

void ClusterSet::make_hash_tables() {
  std::set<uint32_t> done;
  for (auto change = pending_.rbegin(); change != pending_.rend(); ++change) {
    auto at = entries_.find(change->slot);
    if (at == entries_.end() || !at->second.config->hashes()) continue;
    if (!done.insert(change->slot).second) continue;
    Entry& entry = at->second;
    bool shared = upstream::shares_hash_tables(*entry.config, *entry.endpoints);
    entry.tables = shared
                       ? std::make_shared<const upstream::ClusterHashTables>(
                             *entry.config, entry.endpoints, entry.states.get(), entry.tables.get())
                       : nullptr;
    change->tables = entry.tables;
  }
}

void ClusterSet::flush() {
  flush_posted_ = false;
  if (pending_.empty()) return;
  make_hash_tables();
  ++sent_;
  if (!threads_.empty()) applying_[sent_] = threads_.size();
  // The first push may name ten thousand: room for as many is not kept.
  const std::vector<ClusterChange> pending = std::exchange(pending_, {});
  for (const Thread& thread : threads_) {
    auto changes = std::make_shared<std::vector<ClusterChange>>(pending);
    thread([this, changes = std::move(changes),
            batch = sent_](upstream::ClusterTable& table) mutable {
      table.apply(*changes);
      // Comes back with what it replaced.
      boost::asio::post(io_, [this, changes = std::move(changes), batch] { on_applied(batch); });
    });
  }
}

void ClusterSet::on_applied(uint64_t batch) {
  if (--applying_[batch] > 0) return;
  applying_.erase(batch);
  uint64_t first_open = applying_.empty() ? sent_ + 1 : applying_.begin()->first;
  std::vector<std::function<void()>> ready;
  std::erase_if(waiters_, [&](Waiter& waiter) {
    if (waiter.batch >= first_open) return false;
    ready.push_back(std::move(waiter.then));
    return true;
  });
  for (auto& then : ready) then();
}

void ClusterSet::when_in_force(std::function<void()> then) {
  uint64_t batch = pending_.empty() ? sent_ : sent_ + 1;
  bool all_applied = pending_.empty() && applying_.empty();
  if (all_applied || threads_.empty()) return then();
  waiters_.push_back({batch, std::move(then)});
}

std::vector<admin::ClusterStatus> ClusterSet::clusters() const {
  std::vector<admin::ClusterStatus> all;
  all.reserve(entries_.size());
  for (const auto& [slot, entry] : entries_)
    all.push_back({entry.config, entry.endpoints, entry.dynamic, {}});
  size_t place = 0;
  for (const auto& [slot, entry] : entries_) {
    auto& health = all[place++].health;
    if (entry.states != nullptr) health.assign(entry.states->begin(), entry.states->end());
  }
  return all;
}

std::vector<xds::ReportedCluster> ClusterSet::reported() const {
  std::vector<xds::ReportedCluster> all;
  all.reserve(entries_.size());
  for (const auto& [slot, entry] : entries_) all.push_back({entry.config, entry.endpoints});
  return all;
}

const config::Cluster* ClusterSet::find(uint32_t slot) const {
  auto at = entries_.find(slot);
  return at == entries_.end() ? nullptr : at->second.config.get();
}

}  // namespace outrigger
