#include "proxy/host_health_set.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "boost/asio/post.hpp"
#include "boost/asio/steady_timer.hpp"

namespace outrigger {

using health::HealthChecker;
using upstream::HostState;
using upstream::HostStatePtr;
using upstream::HostStates;
using upstream::OutlierDetector;
using upstream::OutlierKind;

// One version of one cluster.
struct HostHealthSet::Watched {
  explicit Watched(boost::asio::io_context& io) : interval(io) {}
  config::ClusterPtr cluster;
  std::shared_ptr<upstream::HostWatch> watch = std::make_shared<upstream::HostWatch>();
  std::unique_ptr<OutlierDetector> detector;  // nullptr: there is no outlier detection
  std::unique_ptr<HealthChecker> checker;     // nullptr: there are no checks
  boost::asio::steady_timer interval;
  bool in_force = false;
  std::vector<std::function<void()>> waiting;  // for each endpoint's first check
  // By what an endpoint's versions have in common.
  std::unordered_map<const StatsScope*, HostStatePtr> states;

  // The state of an endpoint; one that was gone and is back has its last one, by its address.
  HostStatePtr find(const config::Endpoint& endpoint) const {
    auto known = states.find(endpoint.stats.get());
    return known == states.end() ? nullptr : known->second;
  }
};

HostHealthSet::HostHealthSet(boost::asio::io_context& io, Changed changed)
    : io_(io), changed_(std::move(changed)), random_(std::random_device()()) {}

HostHealthSet::~HostHealthSet() = default;

void HostHealthSet::set_events(upstream::OutlierEvents* outliers, health::CheckEvents* checks) {
  outlier_events_ = outliers;
  check_events_ = checks;
}

void HostHealthSet::set_loop(runtime::Loop& loop, std::function<void()> wake) {
  loop_ = &loop;
  wake_ = std::move(wake);
}

void HostHealthSet::set_runtime(const config::RuntimeSnapshotPtr& runtime) {
  runtime_ = runtime;
  for (auto* all : {&clusters_, &warming_}) {
    for (auto& [slot, watched] : *all) {
      if (watched->detector != nullptr) watched->detector->set_runtime(runtime);
      if (watched->checker != nullptr) watched->checker->set_runtime(runtime);
    }
  }
}

HostHealthSet::WatchedPtr HostHealthSet::watch(const config::ClusterPtr& cluster) {
  auto watched = std::make_shared<Watched>(io_);
  watched->cluster = cluster;
  if (cluster->outlier_detection != nullptr) start_detector(watched);
  if (!cluster->health_checks.empty() && loop_ != nullptr) start_checker(watched);
  return watched;
}

// A worker's report may come when another version is in force.
void HostHealthSet::start_detector(const WatchedPtr& watched) {
  watched->watch->on_consecutive = [this, weak = std::weak_ptr<Watched>(watched)](
                                       HostStatePtr state, OutlierKind kind) {
    boost::asio::post(io_, [this, weak, state = std::move(state), kind] {
      WatchedPtr here = weak.lock();
      if (here != nullptr &&
          here->detector->on_consecutive(*state, kind, std::chrono::steady_clock::now()))
        changed_(here->cluster->ref.slot);
    });
  };
  watched->detector = std::make_unique<OutlierDetector>(OutlierDetector::Parts{
      watched->cluster, watched->watch, outlier_events_, [this] { return random_(); }});
  watched->detector->set_runtime(runtime_);
  start_interval(watched);
}

void HostHealthSet::start_interval(const WatchedPtr& watched) {
  watched->interval.expires_after(watched->detector->interval());
  watched->interval.async_wait(
      [this, weak = std::weak_ptr<Watched>(watched)](const boost::system::error_code& error) {
        WatchedPtr here = weak.lock();
        if (error || here == nullptr) return;
        if (here->detector->on_interval(std::chrono::steady_clock::now()))
          changed_(here->cluster->ref.slot);
        start_interval(here);
      });
}

void HostHealthSet::start_checker(const WatchedPtr& watched) {
  watched->watch->on_refusal = [this, weak = std::weak_ptr<Watched>(watched)](HostStatePtr state) {
    state->set(HealthFlag::kExcludedByAnswer);
    boost::asio::post(io_, [this, weak, state = std::move(state)] {
      WatchedPtr here = weak.lock();
      if (here == nullptr) return;
      wake_();
      here->checker->refuse(*state);
    });
  };
  health::CheckContext context{
      *loop_, watched->cluster, watched->cluster->health_checks.front(),
      [this] { return random_(); }, check_events_,
      // The checker is the version's own.
      [this, here = watched.get()](HostState& host, health::Transition transition, bool healthy) {
        on_result(*here, host, transition, healthy);
      }};
  context.runtime = runtime_;
  watched->checker = std::make_unique<HealthChecker>(std::move(context));
}

void HostHealthSet::on_result(Watched& watched, HostState& host, health::Transition transition,
                              bool healthy) {
  bool changed = transition == health::Transition::changed;
  if (healthy && watched.detector != nullptr)
    changed = watched.detector->on_check_passed(host, std::chrono::steady_clock::now()) || changed;
  if (changed && watched.in_force) changed_(watched.cluster->ref.slot);
  if (watched.waiting.empty() || !watched.checker->all_checked()) return;
  // Not from inside the check.
  for (auto& ready : std::exchange(watched.waiting, {})) boost::asio::post(io_, std::move(ready));
}

HostStatePtr HostHealthSet::make_state(const Watched& watched,
                                       const config::EndpointPtr& endpoint) {
  auto state = std::make_shared<HostState>(watched.watch, endpoint);
  const auto& own = endpoint->health_check;
  if (watched.checker == nullptr || (own != nullptr && own->disabled)) return state;
  // Nothing is known of it before its first check.
  state->set(HealthFlag::kFailedActiveCheck);
  if (watched.cluster->ignore_new_hosts_until_first_hc) state->set(HealthFlag::kPendingActiveCheck);
  return state;
}

upstream::HostStatesPtr HostHealthSet::put(Watched& watched, const config::EndpointSet& endpoints) {
  // Those that were kept for their checks have another identity when they come back.
  std::unordered_map<std::string, HostStatePtr> leaving;
  for (const auto& [stats, state] : watched.states) {
    if (state->has(HealthFlag::kPendingRemoval))
      leaving.emplace(state->endpoint->address.text(), state);
  }
  auto table = std::make_shared<HostStates>();
  decltype(watched.states) present;
  for (const config::LocalityEndpoints& group : endpoints.localities) {
    for (const config::EndpointPtr& endpoint : group.endpoints) {
      HostStatePtr state = watched.find(*endpoint);
      if (state == nullptr && !leaving.empty()) {
        auto back = leaving.find(endpoint->address.text());
        if (back != leaving.end()) state = back->second;
        if (state != nullptr) state->clear(HealthFlag::kPendingRemoval);
      }
      if (state == nullptr) state = make_state(watched, endpoint);
      state->endpoint = endpoint;
      state->locality = group.locality;
      present.emplace(endpoint->stats.get(), state);
      table->push_back(std::move(state));
    }
  }
  watched.states = std::move(present);
  if (watched.detector != nullptr) watched.detector->set_hosts(*table);
  if (watched.checker != nullptr) {
    wake_();
    watched.checker->set_hosts(*table);
  }
  return table;
}

upstream::HostStatesPtr HostHealthSet::set(const config::ClusterPtr& cluster,
                                           const config::EndpointSet& endpoints) {
  uint32_t slot = cluster->ref.slot;
  if (cluster->outlier_detection == nullptr && cluster->health_checks.empty()) {
    remove(slot);
    return nullptr;
  }
  WatchedPtr& watched = clusters_[slot];
  if (watched == nullptr || watched->cluster != cluster) {
    auto warm = warming_.find(slot);
    bool begun = warm != warming_.end() && warm->second->cluster == cluster;
    watched = begun ? warm->second : watch(cluster);
    warming_.erase(slot);
    watched->in_force = true;
  }
  return put(*watched, endpoints);
}

void HostHealthSet::remove(uint32_t slot) {
  clusters_.erase(slot);
  warming_.erase(slot);
}

void HostHealthSet::warm(const config::ClusterPtr& cluster, const config::EndpointSet& endpoints,
                         std::function<void()> ready) {
  if (cluster->health_checks.empty() || loop_ == nullptr) return ready();
  WatchedPtr watched = watch(cluster);
  warming_.insert_or_assign(cluster->ref.slot, watched);
  put(*watched, endpoints);
  if (watched->checker->all_checked()) return ready();
  watched->waiting.push_back(std::move(ready));
}

void HostHealthSet::when_checked(uint32_t slot, std::function<void()> ready) {
  auto at = clusters_.find(slot);
  if (at == clusters_.end() || at->second->checker == nullptr || at->second->checker->all_checked())
    return ready();
  at->second->waiting.push_back(std::move(ready));
}

HostHealthSet::EndpointSetPtr HostHealthSet::keep_passing(const config::ClusterPtr& cluster,
                                                          const config::EndpointSet* before,
                                                          const EndpointSetPtr& wanted) {
  auto at = clusters_.find(cluster->ref.slot);
  if (cluster->ignore_health_on_host_removal || before == nullptr || at == clusters_.end() ||
      at->second->cluster != cluster || at->second->checker == nullptr)
    return wanted;
  std::unordered_set<std::string> present;
  for (const config::LocalityEndpoints& group : wanted->localities) {
    for (const config::EndpointPtr& endpoint : group.endpoints)
      present.insert(endpoint->address.text());
  }
  std::shared_ptr<config::EndpointSet> out;
  for (const config::LocalityEndpoints& group : before->localities) {
    std::vector<config::EndpointPtr> kept;
    for (const config::EndpointPtr& endpoint : group.endpoints) {
      if (present.contains(endpoint->address.text())) continue;
      HostStatePtr state = at->second->find(*endpoint);
      if (state == nullptr || state->has(HealthFlag::kFailedActiveCheck) ||
          endpoint->health == config::Endpoint::Health::unhealthy)
        continue;
      state->set(HealthFlag::kPendingRemoval);
      kept.push_back(endpoint);
    }
    if (kept.empty()) continue;
    if (out == nullptr) out = std::make_shared<config::EndpointSet>(*wanted);
    auto same =
        std::find_if(out->localities.begin(), out->localities.end(), [&](const auto& other) {
          return other.priority == group.priority &&
                 other.locality.region == group.locality.region &&
                 other.locality.zone == group.locality.zone &&
                 other.locality.sub_zone == group.locality.sub_zone;
        });
    if (same == out->localities.end()) {
      same = out->localities.insert(same, group);
      same->endpoints.clear();
    }
    same->endpoints.insert(same->endpoints.end(), kept.begin(), kept.end());
  }
  return out == nullptr ? wanted : EndpointSetPtr(std::move(out));
}

}  // namespace outrigger
