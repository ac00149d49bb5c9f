#include "proxy/stream/on_demand_filter.h"

#include <string>

#include "absl/strings/ascii.h"

#include "proxy/route/match.h"
#include "proxy/stream/stream.h"

namespace outrigger::stream {

OnDemandFilter::~OnDemandFilter() {
  if (place_ != nullptr) *place_ = nullptr;
}

Verdict OnDemandFilter::on_request_headers(FilterContext& context, http::HeaderMap& headers, bool) {
  context_ = &context;
  bool waits = context.route() == nullptr ? ask_for_host(headers.get(http::HeaderId::authority))
                                          : ask_for_cluster();
  return waits ? Verdict::wait() : Verdict::next();
}

bool OnDemandFilter::ask_for_host(std::string_view host) {
  const auto* entry = stream_.route_table().per_filter.find(HostDemand::kName);
  const auto* demand =
      entry == nullptr ? nullptr : dynamic_cast<const HostDemand*>(entry->config.get());
  if (demand == nullptr) return false;
  demand->ask(absl::AsciiStrToLower({host.data(), host.size()}),
              then(&OnDemandFilter::host_answered));
  return true;
}

bool OnDemandFilter::ask_for_cluster() {
  const OnDemandClusters& on_demand = clusters();
  if (on_demand.demand == nullptr) return false;
  std::string name = missing_cluster();
  if (name.empty()) return false;
  on_demand.demand->ask(std::move(name), on_demand.timeout,
                        then(&OnDemandFilter::cluster_answered));
  return true;
}

const OnDemandClusters& OnDemandFilter::clusters() const {
  const auto* own = dynamic_cast<const OnDemandRouteConfig*>(context_->route_config());
  return own == nullptr ? factory_.clusters() : own->clusters();
}

std::string OnDemandFilter::missing_cluster() const {
  const route::ClusterChoice& choice = stream_.matched_route().cluster;
  if (choice.name.empty()) return {};
  upstream::ClusterTable& table = stream_.services().clusters;
  bool there = choice.slot != config::ClusterRef::kNoSlot
                   ? table.config({{}, choice.slot}) != nullptr
                   : table.find(choice.name) != nullptr;
  return there ? std::string() : std::string(choice.name);
}

std::function<void()> OnDemandFilter::then(void (OnDemandFilter::*act)()) {
  if (place_ == nullptr) place_ = std::make_shared<OnDemandFilter*>(this);
  return [place = place_, &loop = stream_.services().loop, act] {
    loop.post([place, act] {
      if (*place != nullptr) ((*place)->*act)();
    });
  };
}

void OnDemandFilter::host_answered() {
  if (stream_.ended()) return;
  stream_.refresh_routes();
  if (!ask_for_cluster()) context_->resume_request();
}

void OnDemandFilter::cluster_answered() {
  if (!stream_.ended()) context_->resume_request();
}

}  // namespace outrigger::stream
