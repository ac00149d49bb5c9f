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
                           std::function<absl::Status(const Hosts&)> changed,
                           std::function<void()> first)
    : parts_(parts),
      table_(std::move(table)),
      source_(std::move(source)),
      changed_(std::move(changed)),
      first_(std::move(first)),
      subscription_stats_(
          scope_of<SubscriptionStats>(stat_prefix, table_, parts.environment.stats)),
      scope_(scope_of<VhdsStats>(stat_prefix, table_, parts.environment.stats)),
      stats_(scope_->local<VhdsStats>(StatsScope::kMainThread)) {}

// The table's own name stands for all hosts that the server has for it.
absl::Status VirtualHosts::start() {
  SubscriptionRequest request;
  request.type_url = kTypeUrl;
  request.names = {table_};
  request.stats = subscription_stats_;
  auto subscription = parts_.subscriptions.subscribe(source_, std::move(request), *this);
  if (!subscription.ok()) return subscription.status();
  subscription_ = *std::move(subscription);
  return absl::OkStatus();
}

void VirtualHosts::ask(const std::string& host, std::function<void()> done) {
  std::string name = fmt::format("{}/{}", table_, host);
  bool asked = names_.contains(name);
  if (hosts_.contains(name) || (!asked && names_.size() >= kMaxNames)) return done();
  waiting_[name].push_back(std::move(done));
  if (asked) return;
  names_.insert(name);
  tell_names();
}

void VirtualHosts::tell_names() {
  std::vector<std::string> names(names_.begin(), names_.end());
  names.push_back(table_);
  subscription_->set_names(std::move(names));
}

void VirtualHosts::had_first() {
  if (first_) std::exchange(first_, nullptr)();
}

void VirtualHosts::answered(const std::string& name) {
  auto found = waiting_.find(name);
  if (found == waiting_.end()) return;
  auto waiting = std::move(found->second);
  waiting_.erase(found);
  for (auto& done : waiting) done();
}

void VirtualHosts::give_up() {
  while (!waiting_.empty()) {
    std::string name = waiting_.begin()->first;
    names_.erase(name);
    answered(name);
  }
  had_first();
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
  if (forgotten) tell_names();
  had_first();
}

}  // namespace outrigger::xds
