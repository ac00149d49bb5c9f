#include "filters/network/local_ratelimit/filter.h"

namespace outrigger::filters::local_ratelimit {

NetworkVerdict LocalRateLimitFilter::on_new_connection(NetworkFilterContext& context) {
  bool enabled = settings_->runtime_key.empty()
                     ? settings_->enabled
                     : context.runtime_enabled(settings_->runtime_key, settings_->enabled);
  if (!enabled || settings_->bucket->take(context.now())) return NetworkVerdict::next;
  settings_->stats->local<LocalRateLimitStats>(context.worker()).rate_limited.inc();
  context.info().make_extras().flags.set(ResponseFlag::upstream_retry_limit_exceeded);
  context.close(false, "local_ratelimit_close_over_limit");
  return NetworkVerdict::stop;
}

}  // namespace outrigger::filters::local_ratelimit
