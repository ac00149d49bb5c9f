#include "proxy/stream/http_service.h"

namespace outrigger::stream {
namespace {

const RouterOptions& options_of(const config::HttpConnectionManager& config) {
  static const RouterOptions kDefault;
  const RouterOptions* options = config.filters.back().factory->router_options();
  return options == nullptr ? kDefault : *options;
}

}  // namespace

HttpService::HttpService(config::ListenerPtr listener, config::FilterChainPtr chain,
                         WorkerServices& services)
    : listener_(std::move(listener)),
      chain_(std::move(chain)),
      config_(chain_->http),
      services_(services),
      routes_(config_->routes),
      stats_(config_->stats->local<HttpStats>(services.worker)),
      listener_counts_(*listener_, services.worker),
      listener_http_stats_(chain_->http_stats->local<ListenerHttpStats>(services.worker)),
      access_log_(services.worker, config_->access_logs, services.logs),
      router_options_(options_of(*config_)),
      upstream_log_(services.worker, router_options_.upstream_logs, services.logs) {
  if (config_->scopes != nullptr) scopes_ = std::make_unique<ScopeTables>(config_->scopes);
  for (size_t i = 0; i < config_->filters.size(); ++i) {
    const auto& slot = config_->filters[i].discovered;
    if (const auto* on_demand =
            dynamic_cast<const OnDemandFactory*>(config_->filters[i].factory.get())) {
      on_demand_filter_ = static_cast<unsigned>(i);
      on_demand_ = on_demand;
    }
    if (slot == nullptr) continue;
    discovered_.resize(config_->filters.size());
    discovered_[i] = std::make_unique<config::SlotReader<HttpFilterFactory>>(slot);
  }
}

}  // namespace outrigger::stream
