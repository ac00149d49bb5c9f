#include "xds/dynamic/extension_configs.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"

#include "envoy/config/core/v3/extension.pb.h"

#include "api/stats_xds.h"
#include "xds/compile_filters.h"
#include "xds/field_errors.h"
#include "xds/filter_compile_context.h"
#include "xds/init_set.h"
#include "xds/octets.h"

namespace outrigger::xds {
namespace {

using envoy::config::core::v3::ExtensionConfigSource;
using envoy::config::core::v3::TypedExtensionConfig;
using FactoryPtr = std::shared_ptr<const HttpFilterFactory>;
using Slot = config::Slot<HttpFilterFactory>;

std::string type_name(std::string_view url) {
  return std::string(url.substr(url.rfind('/') + 1));
}

template <class Stats>
StatsScopePtr scope_of(const std::string& name, StatsRegistry& stats) {
  return stats.scope<Stats>(
      fmt::format("extension_config_discovery.http_filter.{}.", stat_name(name)));
}

}  // namespace

// One filter's configuration.
class ExtensionConfigs::Config final : private SubscriptionHandler {
 public:
  Config(ExtensionConfigsParts& parts, std::string name, const ExtensionConfigSource& source,
         std::string stat_prefix, const std::shared_ptr<Slot>& slot)
      : parts_(parts),
        name_(canonical_name(std::move(name))),
        source_(source),
        stat_prefix_(std::move(stat_prefix)),
        subscription_stats_(scope_of<SubscriptionStats>(name_, parts.environment.stats)),
        scope_(scope_of<ExtensionConfigStats>(name_, parts.environment.stats)),
        stats_(scope_->local<ExtensionConfigStats>(StatsScope::kMainThread)),
        slot_(slot) {}
  ~Config() { parts_.ledger.removed(kTypeUrl, name_); }

  absl::Status start();
  void wait(InitSet& init) {
    if (answered_ || source_.apply_default_config_without_warming()) return;
    waiting_.push_back(init.add(fmt::format("DynamicFilterConfigProviderImpl {}", name_)));
  }
  std::shared_ptr<Slot> slot() const { return slot_.lock(); }

 private:
  // SubscriptionHandler
  void on_update(std::shared_ptr<const ResourceUpdate> update, Done done) override;
  void on_fetch_timeout() override { answered(); }

  absl::Status compile_default();
  absl::Status apply(const Resource& resource);
  absl::StatusOr<FactoryPtr> compile(const google::protobuf::Any& typed_config);
  void put(FactoryPtr factory) {
    if (auto slot = slot_.lock()) slot->set(std::move(factory));
  }
  void answered();

  ExtensionConfigsParts& parts_;
  std::string name_;
  ExtensionConfigSource source_;
  std::string stat_prefix_;
  StatsScopePtr subscription_stats_, scope_;
  ExtensionConfigStats& stats_;
  std::weak_ptr<Slot> slot_;
  FactoryPtr default_;
  std::unique_ptr<Subscription> subscription_;
  std::vector<std::shared_ptr<InitTarget>> waiting_;
  bool answered_ = false;
  Digest present_{};
};

absl::Status ExtensionConfigs::Config::start() {
  if (absl::Status status = compile_default(); !status.ok()) return status;
  FieldErrors errors;
  SubscriptionRequest request;
  request.type_url = kTypeUrl;
  request.names = {name_};
  request.stats = subscription_stats_;
  auto subscription =
      parts_.subscriptions.subscribe(source_.config_source(), std::move(request), *this);
  if (!subscription.ok()) {
    errors.add_nested("config_source", subscription.status());
    return errors.status();
  }
  subscription_ = *std::move(subscription);
  parts_.ledger.requested(kTypeUrl, name_);
  return absl::OkStatus();
}

absl::Status ExtensionConfigs::Config::compile_default() {
  FieldErrors errors;
  if (source_.type_urls().empty()) errors.add("type_urls", "must name a type");
  if (source_.has_default_config()) {
    default_ = errors.take("default_config", compile(source_.default_config()));
    if (errors.empty() && source_.apply_default_config_without_warming()) put(default_);
  } else if (source_.apply_default_config_without_warming()) {
    errors.add("apply_default_config_without_warming", "is set without a default_config");
  }
  return errors.status();
}

absl::StatusOr<FactoryPtr> ExtensionConfigs::Config::compile(
    const google::protobuf::Any& typed_config) {
  std::string type = type_name(typed_config.type_url());
  const auto& urls = source_.type_urls();
  bool expected = std::any_of(urls.begin(), urls.end(),
                              [&](const std::string& url) { return type_name(url) == type; });
  if (!expected) {
    std::string wanted;
    for (const std::string& url : urls) wanted += (wanted.empty() ? "" : ", ") + type_name(url);
    return absl::InvalidArgumentError(fmt::format(
        "Error: filter config has type URL {} but expect {}.", typed_config.type_url(), wanted));
  }
  FilterCompileContext context(parts_.environment, stat_prefix_);
  auto factory = compile_http_filter(name_, typed_config, context);
  if (factory.ok() && (*factory)->router_options() != nullptr) {
    return absl::InvalidArgumentError(fmt::format(
        "Error: terminal filter named {} of type {} must be the last filter in a http filter "
        "chain, where Outrigger takes it from the listener only.",
        name_, type));
  }
  return factory;
}

void ExtensionConfigs::Config::answered() {
  if (!std::exchange(answered_, true)) {
    auto slot = slot_.lock();
    if (slot != nullptr && slot->current() == nullptr && default_ != nullptr) put(default_);
  }
  auto waiting = std::exchange(waiting_, {});
  for (const auto& target : waiting) target->ready();
}

void ExtensionConfigs::Config::on_update(std::shared_ptr<const ResourceUpdate> update, Done done) {
  UpdateResult result;
  for (const Resource& resource : update->added) {
    if (absl::Status status = apply(resource); !status.ok()) {
      stats_.config_fail.inc();
      std::string reason(status.message());
      parts_.ledger.rejected(kTypeUrl, resource, reason);
      result.rejected.push_back({resource.name, std::move(reason)});
    }
  }
  // Taken back: the default is in force again.
  if (update->added.empty() && !update->removed.empty()) {
    present_ = {};
    put(default_);
    stats_.config_reload.inc();
  }
  if (result.rejected.empty()) parts_.ledger.set_version(kTypeUrl, update->version);
  done(std::move(result));
  answered();
}

absl::Status ExtensionConfigs::Config::apply(const Resource& resource) {
  Digest digest = digest_of(resource.body.value());
  if (digest != present_) {
    auto message = parts_.reader.read<TypedExtensionConfig>(resource.body);
    if (!message.ok()) return message.status();
    if (canonical_name((*message)->name()) != name_) {
      return absl::InvalidArgumentError(fmt::format(
          "Unexpected resource name in ExtensionConfigDS response: {}", (*message)->name()));
    }
    auto factory = compile((*message)->typed_config());
    if (!factory.ok()) return factory.status();
    put(*std::move(factory));
    present_ = digest;
    stats_.config_reload.inc();
  }
  parts_.ledger.activated(kTypeUrl, resource);
  return absl::OkStatus();
}

ExtensionConfigs::ExtensionConfigs(ExtensionConfigsParts parts) : parts_(std::move(parts)) {}

ExtensionConfigs::~ExtensionConfigs() = default;

absl::StatusOr<DynamicSources::FilterSlotPtr> ExtensionConfigs::http_filter(
    const std::string& filter_name, const ExtensionConfigSource& source,
    const std::string& stat_prefix, CompileEnvironment& environment) {
  // A factory may count under its manager's prefix.
  std::string key = fmt::format("{}\n{}\n{}", filter_name, stat_prefix, octets_of(source));
  auto found = configs_.find(key);
  std::shared_ptr<Slot> slot = found == configs_.end() ? nullptr : found->second->slot();
  if (slot == nullptr) {
    if (found != configs_.end()) configs_.erase(found);
    slot = std::make_shared<Slot>();
    auto fresh = std::make_unique<Config>(parts_, filter_name, source, stat_prefix, slot);
    if (absl::Status status = fresh->start(); !status.ok()) return status;
    found = configs_.try_emplace(std::move(key), std::move(fresh)).first;
  }
  if (environment.init != nullptr) found->second->wait(*environment.init);
  return DynamicSources::FilterSlotPtr(std::move(slot));
}

void ExtensionConfigs::sweep() {
  absl::erase_if(configs_, [](const auto& entry) { return entry.second->slot() == nullptr; });
}

}  // namespace outrigger::xds
