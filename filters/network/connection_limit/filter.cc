#include "filters/network/connection_limit/filter.h"

namespace outrigger::filters::connection_limit {
namespace {

constexpr std::string_view kOverLimit = "over_connection_limit";

}  // namespace

NetworkVerdict ConnectionLimitFilter::on_new_connection(NetworkFilterContext& context) {
  bool enabled = limit_->runtime_key.empty()
                     ? limit_->enabled
                     : context.runtime_enabled(limit_->runtime_key, limit_->enabled);
  if (!enabled) return NetworkVerdict::next;
  active_ = true;
  stats(context).active_connections.inc();
  counted_ = limit_->try_take();
  if (counted_) return NetworkVerdict::next;
  stats(context).limited_connections.inc();
  if (limit_->delay) {
    context.start_timer(*limit_->delay);
  } else {
    context.close(false, kOverLimit);
  }
  return NetworkVerdict::stop;
}

void ConnectionLimitFilter::on_timer(NetworkFilterContext& context) {
  context.close(false, kOverLimit);
}

void ConnectionLimitFilter::on_close(NetworkFilterContext& context) {
  if (active_) stats(context).active_connections.dec();
  if (counted_) limit_->give();
}

}  // namespace outrigger::filters::connection_limit
