#include "filters/network/ext_authz/filter.h"

namespace outrigger::filters::network_ext_authz {
namespace {

constexpr std::string_view kClosed = "ext_authz_close";

}  // namespace

NetworkVerdict ExtAuthzFilter::on_data(NetworkFilterContext& context, Bytes&, bool) {
  if (judged_) return NetworkVerdict::next;
  judged_ = true;
  auto& stats = settings_->stats->local<ExtAuthzStats>(context.worker());
  if (!enabled(context.info())) {
    stats.disabled.inc();
    return NetworkVerdict::next;
  }
  stats.total.inc();
  stats.error.inc();
  if (settings_->failure_allows) {
    stats.failure_mode_allowed.inc();
    return NetworkVerdict::next;
  }
  stats.cx_closed.inc();
  ConnectionExtras& extras = context.info().make_extras();
  extras.flags.set(ResponseFlag::unauthorized_external_service);
  extras.connection_termination_details = "ext_authz_error";
  context.close(false, kClosed);
  return NetworkVerdict::stop;
}

bool ExtAuthzFilter::enabled(const DownstreamConnectionInfo& info) const {
  static const Metadata kNone;
  return !settings_->enabled_by ||
         settings_->enabled_by->matches(info.extras == nullptr ? kNone : info.extras->metadata);
}

}  // namespace outrigger::filters::network_ext_authz
