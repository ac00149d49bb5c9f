#include "xds/dynamic/scope_set.h"

#include <chrono>
#include <utility>

#include "fmt/format.h"

#include "xds/compile_route.h"
#include "xds/dynamic/route_scopes.h"
#include "xds/dynamic/wall_time.h"
#include "xds/field_errors.h"
#include "xds/filter_compile_context.h"
#include "xds/filter_route_context.h"

namespace outrigger::xds {
namespace {

// http.<prefix>.scoped_rds.<name>.
template <class Stats>
StatsScopePtr scope_of(const std::string& stat_prefix, const std::string& name,
                       StatsRegistry& stats) {
  std::string prefix = fmt::format("{}scoped_rds.{}.", stat_prefix, stat_name(name));
  constexpr std::string_view kHttp = "http.";
  std::string manager = stat_prefix.substr(kHttp.size());
  if (manager.ends_with('.')) manager.pop_back();
  return stats.scope<Stats>(prefix, fmt::format("http.scoped_rds.{}.", stat_name(name)),
                            {{"envoy.http_conn_manager_prefix", manager}});
}

config::ScopeKey key_of(const ScopeSet::Scope& scope) {
  config::ScopeKey key;
  for (const auto& fragment : scope.key().fragments())
    config::append_scope_key_part(key, fragment.string_key());
  return key;
}

}  // namespace

ScopeSet::ScopeSet(RouteManagerParts& parts, RouteManager& routes,
                   const DynamicSources::ScopedRoutesMessage& message, std::string stat_prefix,
                   const std::shared_ptr<Slot>& slot)
    : parts_(parts),
      routes_(routes),
      message_(message),
      stat_prefix_(std::move(stat_prefix)),
      subscription_stats_(
          scope_of<SubscriptionStats>(stat_prefix_, message_.name(), parts.environment.stats)),
      scope_(scope_of<ScopedRdsStats>(stat_prefix_, message_.name(), parts.environment.stats)),
      stats_(scope_->local<ScopedRdsStats>(StatsScope::kMainThread)),
      slot_(slot) {}

ScopeSet::~ScopeSet() {
  for (const auto& [name, _] : known_) parts_.ledger.removed(RouteScopes::kTypeUrl, name);
}

absl::Status ScopeSet::start(InitSet* init) {
  if (init != nullptr) init_.push_back(init->weak_from_this());
  FieldErrors errors;
  if (message_.has_scoped_route_configurations_list()) {
    const auto& list = message_.scoped_route_configurations_list().scoped_route_configurations();
    for (int i = 0; i < list.size(); ++i) {
      auto known = compile(list.Get(i));
      if (known.ok()) {
        known_.insert_or_assign(list.Get(i).name(), *std::move(known));
      } else {
        errors.add_nested(
            indexed("scoped_route_configurations_list.scoped_route_configurations", i),
            known.status());
      }
    }
    publish();
    answered_ = true;
    return errors.status();
  }
  const auto& srds = message_.scoped_rds();
  SubscriptionRequest request;
  request.type_url = RouteScopes::kTypeUrl;
  if (const std::string& locator = srds.srds_resources_locator(); !locator.empty()) {
    auto name = parts_.subscriptions.collection(srds.scoped_rds_config_source(), locator,
                                                RouteScopes::kTypeUrl);
    if (!name.ok()) {
      errors.add("scoped_rds.srds_resources_locator", name.status());
      return errors.status();
    }
    request.names = {*std::move(name)};
  }
  request.stats = subscription_stats_;
  auto subscription =
      parts_.subscriptions.subscribe(srds.scoped_rds_config_source(), std::move(request), *this);
  if (!subscription.ok()) {
    errors.add_nested("scoped_rds.scoped_rds_config_source", subscription.status());
    return errors.status();
  }
  subscription_ = *std::move(subscription);
  return absl::OkStatus();
}

void ScopeSet::wait(InitSet& init) {
  if (answered_) return;
  init_.push_back(init.weak_from_this());
  waiting_.push_back(init.add(fmt::format("ScopedRdsConfigSubscription init {}", message_.name())));
}

void ScopeSet::answered() {
  answered_ = true;
  init_.clear();
  auto waiting = std::exchange(waiting_, {});
  for (const auto& target : waiting) target->ready();
}

void ScopeSet::on_update(std::shared_ptr<const ResourceUpdate> update, Done done) {
  UpdateResult result;
  if (update->added.empty() && update->removed.empty()) stats_.update_empty.inc();
  // What goes first: its key may be another scope's now.
  std::vector<std::string> gone = update->removed;
  if (update->complete) {
    for (const auto& [name, _] : known_) {
      bool listed = false;
      for (const Resource& resource : update->added) listed = listed || resource.name == name;
      if (!listed) gone.push_back(name);
    }
  }
  for (const std::string& name : gone) {
    known_.erase(name);
    parts_.ledger.removed(RouteScopes::kTypeUrl, name);
  }
  for (const Resource& resource : update->added) {
    if (absl::Status status = apply(resource); !status.ok()) {
      std::string reason(status.message());
      parts_.ledger.rejected(RouteScopes::kTypeUrl, resource, reason);
      result.rejected.push_back({resource.name, std::move(reason)});
    }
  }
  publish();
  if (result.rejected.empty()) parts_.ledger.set_version(RouteScopes::kTypeUrl, update->version);
  done(std::move(result));
  answered();
}

absl::Status ScopeSet::apply(const Resource& resource) {
  Digest digest = digest_of(resource.body.value());
  auto present = known_.find(resource.name);
  if (present == known_.end() || present->second.digest != digest) {
    auto scope = parts_.reader.read<Scope>(resource.body);
    if (!scope.ok()) return scope.status();
    auto known = compile(**scope);
    if (!known.ok()) return known.status();
    known->digest = digest;
    known_.insert_or_assign(resource.name, *std::move(known));
  }
  parts_.ledger.activated(RouteScopes::kTypeUrl, resource);
  return absl::OkStatus();
}

absl::Status ScopeSet::check_key(const std::string& name, const config::ScopeKey& key) const {
  for (const auto& [other, known] : known_) {
    if (other == name || known.key != key) continue;
    return absl::InvalidArgumentError(fmt::format(
        "scope key conflict found, first scope is '{}', second scope is '{}'", other, name));
  }
  return absl::OkStatus();
}

absl::StatusOr<ScopeSet::Known> ScopeSet::compile(const Scope& scope) {
  Known out;
  out.key = key_of(scope);
  if (absl::Status status = check_key(scope.name(), out.key); !status.ok()) return status;
  auto routes = routes_of(scope);
  if (!routes.ok()) return routes.status();
  out.routes = *std::move(routes);
  return out;
}

absl::StatusOr<std::shared_ptr<const config::Slot<config::RouteTable>>> ScopeSet::routes_of(
    const Scope& scope) {
  FieldErrors errors;
  if (scope.has_route_configuration()) {
    FilterCompileContext filters(parts_.environment, stat_prefix_);
    FilterRouteContext context(filters, parts_.cluster_exists, RouteOrigin::discovered);
    auto table = compile_route_table(scope.route_configuration(), context);
    if (table.ok()) return std::make_shared<const config::Slot<config::RouteTable>>(*table);
    errors.add_nested("route_configuration", table.status());
    return errors.status();
  }
  if (scope.route_configuration_name().empty()) {
    errors.add("route_configuration_name",
               "one of route_configuration_name and route_configuration must be set");
    return errors.status();
  }
  DynamicSources::Rds rds;
  *rds.mutable_config_source() = message_.rds_config_source();
  rds.set_route_config_name(scope.route_configuration_name());
  auto slot = routes_.routes(rds, stat_prefix_, nullptr);
  if (!slot.ok()) {
    errors.add_nested("rds_config_source", slot.status());
    return errors.status();
  }
  for (const auto& waiting : init_) {
    if (auto init = waiting.lock()) routes_.wait(rds, *init);
  }
  return slot;
}

void ScopeSet::publish() {
  auto table = std::make_shared<config::ScopeTable>();
  for (const auto& [_, known] : known_) table->scopes.emplace(known.key, known.routes);
  stats_.all_scopes.set(static_cast<int64_t>(known_.size()));
  stats_.active_scopes.set(static_cast<int64_t>(known_.size()));
  stats_.on_demand_scopes.set(0);
  stats_.config_reload.inc();
  stats_.config_reload_time_ms.set(wall_milliseconds());
  if (auto slot = slot_.lock()) slot->set(std::move(table));
}

}  // namespace outrigger::xds
