#include "xds/dynamic/virtual_hosts.h"

#include <utility>

#include "fmt/format.h"

#include "xds/compile_environment.h"

namespace outrigger::xds {
namespace {

constexpr std::string_view kTypeUrl = "type.googleapis.com/envoy.config.route.v3.VirtualHost";

// http.<prefix>.vhds.<route configuration>.
template <class Stats>
StatsScopePtr scope_of(const std::string& stat_prefix, const std::string& name,
                       StatsRegistry& stats) {
  constexpr std::string_view kHttp = "http.";
  std::string manager = stat_prefix.substr(kHttp.size());
  if (manager.ends_with('.')) manager.pop_back();
  std::string tail = fmt::format("vhds.{}.", stat_name(name));
  return stats.scope<Stats>(stat_prefix + tail, "http." + tail,
                            {{"envoy.http_conn_manager_prefix", manager}});
}

}  // namespace

VirtualHosts::VirtualHosts(RouteManagerParts& parts, std::string table,
                           const std::string& stat_prefix, ConfigSource source,
                           std::function<absl::Status(const Hosts&)> changed)
    : parts_(parts),
      table_(std::move(table)),
      source_(std::move(source)),
      changed_(std::move(changed)),
      subscription_stats_(
          scope_of<SubscriptionStats>(stat_prefix, table_, parts.environment.stats)),
      scope_(scope_of<VhdsStats>(stat_prefix, table_, parts.environment.stats)),
      stats_(scope_->local<VhdsStats>(StatsScope::kMainThread)) {}

void VirtualHosts::ask(const std::string& host, std::function<void()> done) {
  std::string name = fmt::format("{}/{}", table_, host);
  if (!names_.contains(name)) {
    if (names_.size() >= kMaxNames) return done();
    names_.insert(name);
    if (!subscribe()) {
      names_.erase(name);
      return done();
    }
  } else if (!waiting_.contains(name)) {
    return done();  // it is known: it came meanwhile
  }
  waiting_[name].push_back(std::move(done));
}

bool VirtualHosts::subscribe() {
  std::vector<std::string> names(names_.begin(), names_.end());
  if (subscription_ != nullptr) {
    subscription_->set_names(std::move(names));
    return true;
  }
  SubscriptionRequest request;
  request.type_url = kTypeUrl;
  request.names = std::move(names);
  request.stats = subscription_stats_;
  auto subscription = parts_.subscriptions.subscribe(source_, std::move(request), *this);
  if (subscription.ok()) subscription_ = *std::move(subscription);
  return subscription.ok();
}

void VirtualHosts::answered(const std::string& name) {
  auto found = waiting_.find(name);
  if (found == waiting_.end()) return;
  auto waiting = std::move(found->second);
  waiting_.erase(found);
  for (auto& done : waiting) done();
}

void VirtualHosts::on_fetch_timeout() {
  while (!waiting_.empty()) {
    std::string name = waiting_.begin()->first;
    names_.erase(name);
    answered(name);
  }
}

// A resource without a body says that there is no such host.
absl::Status VirtualHosts::apply(const Resource& resource, Hosts& hosts) {
  if (resource.body.type_url().empty()) {
    hosts.erase(resource.name);
    return absl::OkStatus();
  }
  auto host = parts_.reader.read<VirtualHost>(resource.body);
  if (!host.ok()) return host.status();
  hosts[resource.name] = std::move(**host);
  return absl::OkStatus();
}

absl::Status VirtualHosts::put(Hosts hosts) {
  if (absl::Status status = changed_(hosts); !status.ok()) return status;
  hosts_ = std::move(hosts);
  stats_.config_reload.inc();
  return absl::OkStatus();
}

void VirtualHosts::on_update(std::shared_ptr<const ResourceUpdate> update, Done done) {
  UpdateResult result;
  if (update->added.empty() && update->removed.empty()) stats_.empty_update.inc();
  Hosts next = hosts_;
  for (const std::string& name : update->removed) next.erase(name);
  bool changed = next.size() != hosts_.size();
  for (const Resource& resource : update->added) {
    Hosts with = next;
    absl::Status status = apply(resource, with);
    if (status.ok()) status = put(with);
    if (status.ok()) {
      next = std::move(with);
      changed = false;  // all of it is in force
      parts_.ledger.activated(kTypeUrl, resource);
      continue;
    }
    std::string reason(status.message());
    parts_.ledger.rejected(kTypeUrl, resource, reason);
    result.rejected.push_back({resource.name, std::move(reason)});
  }
  if (changed) put(std::move(next)).IgnoreError();  // fewer hosts are no less valid
  done(std::move(result));
  bool forgotten = false;
  std::vector<std::string> names = update->removed;
  for (const Resource& resource : update->added) names.push_back(resource.name);
  for (const std::string& name : names) {
    // What does not exist is asked for again by the next request.
    if (!hosts_.contains(name)) forgotten = names_.erase(name) > 0 || forgotten;
    answered(name);
  }
  if (!forgotten) return;
  if (names_.empty()) {
    subscription_ = nullptr;
  } else {
    subscribe();
  }
}

}  // namespace outrigger::xds
