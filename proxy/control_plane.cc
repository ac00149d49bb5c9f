#include "proxy/control_plane.h"

#include <utility>

#include "boost/asio/post.hpp"
#include "fmt/format.h"

#include "proxy/admin_view.h"
#include "proxy/runtime/log.h"
#include "xds/protocol/resource_name.h"
#include "xds/protocol/types.h"

namespace outrigger {
namespace {

void write_log(bool warning, const std::string& text) {
  if (warning) {
    OUTRIGGER_LOG(config, warning, "{}", text);
  } else {
    OUTRIGGER_LOG(config, info, "{}", text);
  }
}

xds::ResourceReaderOptions reader_options(const ControlPlaneParts& parts) {
  return {parts.options.reject_unknown_dynamic_fields, !parts.options.ignore_unknown_dynamic_fields,
          [](const std::string& text) { write_log(true, text); },
          [&gauges = parts.gauges] { gauges.note_unknown_dynamic_field(); }};
}

absl::Status within(std::string_view field, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::InvalidArgumentError(fmt::format("{}.{}", field, std::string(status.message())));
}

absl::Status refused(std::string_view field, const absl::Status& status) {
  return absl::InvalidArgumentError(fmt::format("{}: {}", field, std::string(status.message())));
}

}  // namespace

ControlPlane::ControlPlane(const ControlPlaneParts& parts)
    : parts_(parts),
      clock_(parts.io),
      environment_{parts.stats, parts.slots},
      reader_(reader_options(parts)),
      sources_({environment_, parts.clients, clock_, ledger_, &parts.tls.files(), write_log}),
      secrets_(parts.tls.secrets(), sources_, reader_, parts.stats, ledger_),
      routes_({sources_, reader_, environment_, ledger_,
               [this](std::string_view name) { return clusters_->exists(name); }, later()}),
      scopes_({sources_, reader_, environment_, ledger_,
               [this](std::string_view name) { return clusters_->exists(name); }},
              routes_),
      extensions_({sources_, reader_, environment_, ledger_}),
      discovered_(routes_, scopes_, extensions_, [this] { return clusters_.get(); }),
      runtime_layers_(sources_, reader_, parts.stats, ledger_, parts.runtime),
      listeners_({sources_,
                  reader_,
                  environment_,
                  ledger_,
                  parts.listeners,
                  [this](std::string_view name) { return clusters_->exists(name); },
                  later(),
                  {},
                  [](const std::string& text) { write_log(false, text); }}),
      static_ready_(std::make_shared<xds::InitSet>("Server")),
      runtime_ready_(std::make_shared<xds::InitSet>("RTDS")) {
  environment_.workers = parts.options.concurrency;
  environment_.tls = &parts.tls.secrets();
  environment_.dynamic = &discovered_;
  environment_.dns_caches = &parts.dns_caches;
  environment_.init = static_ready_.get();
  environment_.own_cluster = [this](const config::ClusterPtr& cluster) {
    add_own_cluster(cluster);
  };
}

ControlPlane::~ControlPlane() = default;

std::function<void(std::function<void()>)> ControlPlane::later() {
  return [&io = parts_.io](std::function<void()> task) { boost::asio::post(io, std::move(task)); };
}

// In force once the threads are there; equal ones are one.
void ControlPlane::add_own_cluster(const config::ClusterPtr& cluster) {
  if (!own_clusters_.insert(cluster->ref.slot).second) return;
  later()([&clusters = parts_.clusters, cluster] {
    clusters.warm(cluster, [&clusters, cluster] { clusters.set(cluster, nullptr); });
  });
}

absl::Status ControlPlane::prepare(const Bootstrap& bootstrap) {
  const auto& dynamic = bootstrap.dynamic_resources();
  if (dynamic.has_ads_config()) {
    absl::Status status = sources_.set_ads(dynamic.ads_config());
    if (!status.ok()) return within("dynamic_resources.ads_config", status);
  }
  auto params = xds::node_context(bootstrap.node(), bootstrap.node_context_params());
  if (!params.ok()) return params.status();
  sources_.set_node_params(*std::move(params));
  auto defaults = xds::compile_cluster_defaults(bootstrap);
  if (!defaults.ok()) return defaults.status();
  xds::ClusterManagerParts parts{sources_, environment_,         parts_.clusters, ledger_,
                                 reader_,  *std::move(defaults), later(),         write_log};
  parts.clock = &clock_;
  clusters_ = std::make_unique<xds::ClusterManager>(std::move(parts));
  return prepare_load_reports(bootstrap);
}

absl::Status ControlPlane::prepare_load_reports(const Bootstrap& bootstrap) {
  if (!bootstrap.cluster_manager().has_load_stats_config()) return absl::OkStatus();
  auto reporter = xds::LoadReporter::make(
      bootstrap.cluster_manager().load_stats_config(), environment_,
      {parts_.clients, parts_.stats, clock_, ledger_, write_log, parts_.reported,
       [this](std::string_view cluster) { return clusters_->service_name(cluster); }});
  if (!reporter.ok()) return within("cluster_manager.load_stats_config", reporter.status());
  load_reporter_ = *std::move(reporter);
  return absl::OkStatus();
}

void ControlPlane::start(const Bootstrap& bootstrap, const config::Bootstrap& compiled,
                         std::function<void(absl::Status)> done) {
  bootstrap_ = &bootstrap;
  compiled_ = &compiled;
  done_ = std::move(done);
  environment_.init = nullptr;  // from now on each listener and cluster has its own
  for (const config::ListenerPtr& listener : compiled.listeners) listeners_.add_static(listener);
  sources_.set_node(bootstrap.node());
  sources_.start();
  sources_.start_ads();
  absl::Status status = runtime_layers_.start(bootstrap.layered_runtime(), *runtime_ready_);
  if (!status.ok()) return finish(within("layered_runtime", status));
  runtime_ready_->when_ready([this] { start_clusters(); });
}

void ControlPlane::start_clusters() {
  absl::Status status =
      clusters_->start(*bootstrap_, compiled_->clusters, [this] { start_listeners(); });
  if (!status.ok()) finish(status);
}

void ControlPlane::start_listeners() {
  if (load_reporter_ != nullptr) load_reporter_->start(bootstrap_->node());
  auto wait_for_static = [this] {
    static_ready_->when_ready([this] { finish(absl::OkStatus()); });
  };
  const auto& dynamic = bootstrap_->dynamic_resources();
  const std::string& locator = dynamic.lds_resources_locator();
  if (!dynamic.has_lds_config() && locator.empty()) return wait_for_static();
  std::string collection;
  if (!locator.empty()) {
    auto name = sources_.collection(dynamic.lds_config(), locator, xds::kListenerType);
    if (!name.ok())
      return finish(refused("dynamic_resources.lds_resources_locator", name.status()));
    collection = *std::move(name);
  }
  absl::Status status = listeners_.start(dynamic.lds_config(), collection, wait_for_static);
  if (!status.ok()) finish(within("dynamic_resources.lds_config", status));
}

void ControlPlane::finish(absl::Status status) {
  bootstrap_ = nullptr;
  if (done_) std::exchange(done_, nullptr)(std::move(status));
}

std::vector<admin::UnreadyTarget> ControlPlane::unready() const {
  std::vector<admin::UnreadyTarget> targets;
  append_unready(*static_ready_, targets);
  append_unready(*runtime_ready_, targets);
  if (clusters_ != nullptr) {
    for (const auto& set : clusters_->unready()) append_unready(*set, targets);
  }
  for (const auto& set : listeners_.waiting()) append_unready(*set, targets);
  return targets;
}

}  // namespace outrigger
