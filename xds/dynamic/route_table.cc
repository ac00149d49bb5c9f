#include "xds/dynamic/route_table.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "fmt/format.h"

#include "xds/compile_route.h"
#include "xds/dynamic/wall_time.h"
#include "xds/filter_compile_context.h"
#include "xds/filter_route_context.h"

namespace outrigger::xds {
namespace {

// http.<prefix>.rds.<route configuration>.
template <class Stats>
StatsScopePtr scope_of(const std::string& stat_prefix, const std::string& name,
                       StatsRegistry& stats) {
  std::string value = stat_name(name);
  constexpr std::string_view kHttp = "http.";
  std::string manager = stat_prefix.substr(kHttp.size());
  if (manager.ends_with('.')) manager.pop_back();
  return stats.scope<Stats>(
      fmt::format("{}rds.{}.", stat_prefix, value), "http.rds.",
      {{"envoy.http_conn_manager_prefix", manager}, {"envoy.rds_route_config", value}});
}

}  // namespace

// How workers ask for virtual hosts.
class DiscoveredTable::Demand final : public HostDemand {
 public:
  using Post = std::function<void(std::function<void()>)>;
  Demand(std::shared_ptr<DiscoveredTable*> place, Post post)
      : place_(std::move(place)), post_(std::move(post)) {}

  void ask(std::string host, std::function<void()> done) const override {
    post_([place = place_, host = std::move(host), done = std::move(done)]() mutable {
      DiscoveredTable* table = *place;
      if (table == nullptr) return;
      if (table->virtual_hosts_ == nullptr) return done();
      table->virtual_hosts_->ask(host, std::move(done));
    });
  }

 private:
  std::shared_ptr<DiscoveredTable*> place_;
  Post post_;
};

DiscoveredTable::DiscoveredTable(RouteManagerParts& parts, std::string name,
                                 std::string stat_prefix, const std::shared_ptr<Slot>& slot,
                                 Retire retire)
    : parts_(parts),
      name_(canonical_name(std::move(name))),
      stat_prefix_(std::move(stat_prefix)),
      retire_(std::move(retire)),
      subscription_stats_(
          scope_of<SubscriptionStats>(stat_prefix_, name_, parts.environment.stats)),
      scope_(scope_of<RdsStats>(stat_prefix_, name_, parts.environment.stats)),
      stats_(scope_->local<RdsStats>(StatsScope::kMainThread)),
      slot_(slot),
      place_(std::make_shared<DiscoveredTable*>(this)) {}

DiscoveredTable::~DiscoveredTable() {
  *place_ = nullptr;
  parts_.ledger.removed(RouteManager::kTypeUrl, name_);
}

absl::Status DiscoveredTable::subscribe(const envoy::config::core::v3::ConfigSource& source) {
  SubscriptionRequest request;
  request.type_url = RouteManager::kTypeUrl;
  request.names = {name_};
  request.stats = subscription_stats_;
  auto subscription = parts_.subscriptions.subscribe(source, std::move(request), *this);
  if (!subscription.ok()) return subscription.status();
  subscription_ = *std::move(subscription);
  parts_.ledger.requested(RouteManager::kTypeUrl, name_);
  return absl::OkStatus();
}

void DiscoveredTable::wait(InitSet& init) {
  if (!answered_)
    waiting_.push_back(init.add(fmt::format("RdsRouteConfigSubscription init {}", name_)));
}

void DiscoveredTable::answered() {
  answered_ = true;
  auto waiting = std::exchange(waiting_, {});
  for (const auto& target : waiting) target->ready();
}

void DiscoveredTable::on_update(std::shared_ptr<const ResourceUpdate> update, Done done) {
  UpdateResult result;
  // A table that the server has no more stays in force, as in Envoy.
  if (update->added.empty()) stats_.update_empty.inc();
  for (const Resource& resource : update->added) {
    if (absl::Status status = apply(resource); !status.ok()) {
      std::string reason(status.message());
      parts_.ledger.rejected(RouteManager::kTypeUrl, resource, reason);
      result.rejected.push_back({resource.name, std::move(reason)});
    }
  }
  if (result.rejected.empty()) parts_.ledger.set_version(RouteManager::kTypeUrl, update->version);
  done(std::move(result));
  // With a refusal as well: one bad table must not keep a listener's others away.
  if (virtual_hosts_ == nullptr || virtual_hosts_->answered()) answered();
}

absl::Status DiscoveredTable::apply(const Resource& resource) {
  Digest digest = digest_of(resource.body.value());
  if (digest != present_) {
    auto message = parts_.reader.read<Message>(resource.body);
    if (!message.ok()) return message.status();
    if (canonical_name((*message)->name()) != name_) {
      return absl::InvalidArgumentError(fmt::format(
          "Unexpected RDS configuration (expecting {}): {}", name_, (*message)->name()));
    }
    if (absl::Status status = put(**message); !status.ok()) return status;
    present_ = digest;
    stats_.config_reload.inc();
    stats_.config_reload_time_ms.set(wall_milliseconds());
  }
  parts_.ledger.activated(RouteManager::kTypeUrl, resource);
  return absl::OkStatus();
}

absl::Status DiscoveredTable::put(const Message& message) {
  const VirtualHosts::Hosts* hosts =
      message.has_vhds() && virtual_hosts_ != nullptr ? &virtual_hosts_->hosts() : nullptr;
  if (absl::Status status = publish(message, hosts); !status.ok()) return status;
  return follow_virtual_hosts(message);
}

absl::Status DiscoveredTable::publish(const Message& message, const VirtualHosts::Hosts* hosts) {
  FilterCompileContext filters(parts_.environment, stat_prefix_);
  FilterRouteContext context(filters, parts_.cluster_exists, RouteOrigin::discovered);
  if (message.has_vhds() && parts_.post)
    context.set_host_demand(std::make_shared<Demand>(place_, parts_.post));
  absl::StatusOr<std::shared_ptr<const config::RouteTable>> table;
  if (hosts == nullptr || hosts->empty()) {
    table = compile_route_table(message, context);
  } else {
    Message all = message;
    for (const auto& [_, host] : *hosts) *all.add_virtual_hosts() = host;
    table = compile_route_table(all, context);
  }
  if (!table.ok()) return table.status();
  if (auto slot = slot_.lock()) {
    auto last = slot->current();
    slot->set(*std::move(table));
    if (last != nullptr) retire_(std::move(last));
  }
  return absl::OkStatus();
}

absl::Status DiscoveredTable::follow_virtual_hosts(const Message& message) {
  if (!message.has_vhds()) {
    if (virtual_hosts_ != nullptr) virtual_hosts_->give_up();
    virtual_hosts_ = nullptr;
    message_ = nullptr;
    return absl::OkStatus();
  }
  message_ = std::make_unique<Message>(message);
  const auto& source = message.vhds().config_source();
  if (virtual_hosts_ != nullptr && octets_of(virtual_hosts_->source()) == octets_of(source))
    return absl::OkStatus();
  if (virtual_hosts_ != nullptr) virtual_hosts_->give_up();
  virtual_hosts_ = std::make_unique<VirtualHosts>(
      parts_, name_, stat_prefix_, source,
      [this](const VirtualHosts::Hosts& hosts) { return publish(*message_, &hosts); },
      [this] { answered(); });
  absl::Status status = virtual_hosts_->start();
  if (!status.ok()) virtual_hosts_ = nullptr;
  return status;
}

}  // namespace outrigger::xds
