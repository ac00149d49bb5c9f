#include "proxy/cluster_set.h"

#include <algorithm>
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
    : io_(io), resolution_(io, stats, [this](uint32_t slot, const EndpointSetPtr& endpoints) {
        set_endpoints(slot, endpoints);
      }) {}

ClusterSet::~ClusterSet() = default;

void ClusterSet::set_static(const std::vector<config::ClusterPtr>& clusters) {
  for (const config::ClusterPtr& cluster : clusters) {
    Entry& entry = entries_[cluster->ref.slot];
    entry = {cluster, nullptr, false};
    put_endpoints(entry, cluster->endpoints);
    pending_.push_back({ClusterChange::Kind::set, cluster->ref.slot, cluster, nullptr});
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
    if (entry.config->dns == nullptr) continue;
    ++*waiting;
    absl::Status status = resolution_.warm(entry.config, note);
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

void ClusterSet::set(const config::ClusterPtr& cluster, const EndpointSetPtr& endpoints) {
  auto resolved = resolution_.promote(cluster);
  if (!resolved.ok())
    OUTRIGGER_LOG(upstream, error, "cluster {}: {}", cluster->ref.name, text_of(resolved.status()));
  EndpointSetPtr found = endpoints;
  if (found == nullptr && resolved.ok()) found = *std::move(resolved);
  Entry& entry = entries_[cluster->ref.slot];
  entry.config = cluster;
  put_endpoints(entry, found == nullptr ? cluster->endpoints : found);
  change({ClusterChange::Kind::set, cluster->ref.slot, cluster, std::move(found)});
}

void ClusterSet::set_endpoints(uint32_t slot, const EndpointSetPtr& endpoints) {
  auto at = entries_.find(slot);
  if (at == entries_.end()) return;
  put_endpoints(at->second, endpoints);
  change({ClusterChange::Kind::endpoints, slot, nullptr, endpoints});
}

void ClusterSet::put_endpoints(Entry& entry, const EndpointSetPtr& endpoints) {
  note_membership(*entry.config, entry.endpoints.get(), *endpoints);
  entry.endpoints = endpoints;
}

void ClusterSet::remove(uint32_t slot) {
  resolution_.remove(slot);
  if (entries_.erase(slot) > 0) change({ClusterChange::Kind::remove, slot, nullptr, nullptr});
}

void ClusterSet::change(ClusterChange change) {
  pending_.push_back(std::move(change));
  if (std::exchange(flush_posted_, true)) return;
  boost::asio::post(io_, [this] { flush(); });
}

void ClusterSet::flush() {
  flush_posted_ = false;
  if (pending_.empty()) return;
  ++sent_;
  if (!threads_.empty()) applying_[sent_] = threads_.size();
  for (const Thread& thread : threads_) {
    auto changes = std::make_shared<std::vector<ClusterChange>>(pending_);
    thread([this, changes = std::move(changes),
            batch = sent_](upstream::ClusterTable& table) mutable {
      table.apply(*changes);
      // Comes back with what it replaced.
      boost::asio::post(io_, [this, changes = std::move(changes), batch] { on_applied(batch); });
    });
  }
  pending_.clear();
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
    all.push_back({entry.config, entry.endpoints, entry.dynamic});
  return all;
}

const config::Cluster* ClusterSet::find(uint32_t slot) const {
  auto at = entries_.find(slot);
  return at == entries_.end() ? nullptr : at->second.config.get();
}

}  // namespace outrigger
