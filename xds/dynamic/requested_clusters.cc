#include "xds/dynamic/requested_clusters.h"

#include <utility>

#include "api/stats_xds.h"
#include "xds/dynamic/cluster_manager.h"
#include "xds/dynamic/reject.h"
#include "xds/protocol/types.h"

namespace outrigger::xds {

// How workers ask.
class RequestedClusters::Demand final : public ClusterDemand {
 public:
  using Post = std::function<void(std::function<void()>)>;
  Demand(std::shared_ptr<RequestedClusters*> place, Post post)
      : place_(std::move(place)), post_(std::move(post)) {}

  void ask(std::string cluster, std::chrono::milliseconds timeout,
           std::function<void()> done) const override {
    post_(
        [place = place_, cluster = std::move(cluster), timeout, done = std::move(done)]() mutable {
          if (*place == nullptr) return done();
          (*place)->ask(cluster, timeout, std::move(done));
        });
  }

 private:
  std::shared_ptr<RequestedClusters*> place_;
  Post post_;
};

RequestedClusters::RequestedClusters(ClusterManager& manager,
                                     envoy::config::core::v3::ConfigSource source,
                                     std::string locator)
    : manager_(manager),
      source_(std::move(source)),
      locator_(std::move(locator)),
      stats_(manager.parts_.environment.stats.scope<SubscriptionStats>("cluster_manager.odcds.")),
      place_(std::make_shared<RequestedClusters*>(this)),
      demand_(std::make_shared<Demand>(place_, manager.parts_.later)) {}

RequestedClusters::~RequestedClusters() {
  *place_ = nullptr;
  subscription_.reset();
  std::vector<std::string> names;
  for (auto& [name, of] : names_) names.push_back(name);
  for (const std::string& name : names) {
    answered(name);
    remove(name);
  }
}

// One that CDS lists as well is CDS's to remove.
void RequestedClusters::remove(const std::string& name) {
  auto at = manager_.clusters_.find(name);
  if (at != manager_.clusters_.end() && !at->second->listed) manager_.remove(name);
}

void RequestedClusters::ask(const std::string& name, std::chrono::milliseconds timeout,
                            std::function<void()> done) {
  // It came while the request was on its way to us.
  if (manager_.in_force(name)) return in_force_then(std::move(done));
  auto at = names_.find(name);
  bool fresh = at == names_.end();
  if (fresh) {
    if (missing_.size() >= kMaxMissing && !make_room()) return done();
    at = names_.emplace(name, Name()).first;
    tell_later();
  } else if (at->second.waiting.empty() && !manager_.exists(name)) {
    // It was not there, or is not any more: that may have changed.
    if (subscription_ != nullptr) subscription_->ask_again(name);
  }
  if (!manager_.exists(name)) note_missing(name, at->second);
  wait(name, at->second, timeout, std::move(done));
}

// False: requests wait for all of them.
bool RequestedClusters::make_room() {
  for (const auto& [place, name] : missing_) {
    auto at = names_.find(name);
    if (!at->second.waiting.empty()) continue;
    if (!manager_.exists(name)) manager_.parts_.ledger.removed(kClusterType, name);
    names_.erase(at);
    missing_.erase(place);
    return true;
  }
  return false;
}

void RequestedClusters::note_missing(const std::string& name, Name& of) {
  if (of.missing != 0) return;
  of.missing = next_++;
  missing_.emplace(of.missing, name);
}

void RequestedClusters::wait(const std::string& name, Name& of, std::chrono::milliseconds timeout,
                             std::function<void()> done) {
  uint64_t waiter = next_++;
  Waiter& one = of.waiting[waiter];
  one.done = std::move(done);
  if (manager_.parts_.clock == nullptr) return;
  one.timeout =
      manager_.parts_.clock->after(timeout, [this, name, waiter] { give_up(name, waiter); });
}

void RequestedClusters::give_up(const std::string& name, uint64_t waiter) {
  auto at = names_.find(name);
  if (at == names_.end()) return;
  auto one = at->second.waiting.extract(waiter);
  if (!one.empty()) one.mapped().done();
}

void RequestedClusters::answered(const std::string& name) {
  auto at = names_.find(name);
  if (at == names_.end()) return;
  for (auto& [id, waiter] : std::exchange(at->second.waiting, {})) waiter.done();
}

void RequestedClusters::note_activated(const std::string& name) {
  auto at = names_.find(name);
  if (at == names_.end()) return;
  if (uint64_t place = std::exchange(at->second.missing, 0)) missing_.erase(place);
  if (at->second.waiting.empty()) return;
  in_force_then([place = place_, name] {
    if (*place != nullptr) (*place)->answered(name);
  });
}

void RequestedClusters::in_force_then(std::function<void()> then) {
  manager_.parts_.sink.when_in_force(std::move(then));
}

// What is asked for in one turn is one request.
void RequestedClusters::tell_later() {
  if (std::exchange(telling_, true)) return;
  manager_.parts_.later([place = place_] {
    if (*place != nullptr) (*place)->tell();
  });
}

void RequestedClusters::tell() {
  telling_ = false;
  std::vector<std::string> names;
  names.reserve(names_.size() + 1);
  if (!locator_.empty()) names.push_back(locator_);
  for (const auto& [name, of] : names_) names.push_back(name);
  if (names.empty()) return;  // no names would be all there are
  if (subscription_ != nullptr) return subscription_->set_names(std::move(names));
  SubscriptionRequest request;
  request.type_url = kClusterType;
  request.names = std::move(names);
  request.stats = stats_;
  auto subscription = manager_.parts_.subscriptions.subscribe(source_, std::move(request), *this);
  if (subscription.ok()) {
    subscription_ = *std::move(subscription);
    return;
  }
  // The source was checked with the configuration, so it went away since.
  manager_.parts_.log(true, "on-demand clusters: " + one_sentence(subscription.status()));
  for (auto& [name, of] : std::exchange(names_, {})) {
    for (auto& [id, waiter] : of.waiting) waiter.done();
  }
  missing_.clear();
}

void RequestedClusters::take(const Resource& resource, UpdateResult& result) {
  absl::Status status = manager_.take(resource, false);
  if (status.ok()) return;
  result.rejected.push_back({resource.name, one_sentence(status)});
  // There is nothing to wait for.
  if (!manager_.exists(resource.name)) answered(resource.name);
}

void RequestedClusters::on_update(std::shared_ptr<const ResourceUpdate> update, Done done) {
  UpdateResult result;
  // Endpoints of several clusters are asked for together.
  manager_.parts_.subscriptions.pause(kEndpointType);
  for (const Resource& resource : update->added) take(resource, result);
  manager_.parts_.subscriptions.resume(kEndpointType);
  for (const std::string& name : update->removed) {
    remove(name);
    auto at = names_.find(name);
    if (at == names_.end()) continue;
    note_missing(name, at->second);
    answered(name);
  }
  in_force_then(
      [done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
}

}  // namespace outrigger::xds
