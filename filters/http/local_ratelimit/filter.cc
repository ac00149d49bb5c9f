#include "filters/http/local_ratelimit/filter.h"

#include <string>

namespace outrigger::filters::http_local_ratelimit {

Verdict LocalRateLimitFilter::on_request_headers(FilterContext& context, http::HeaderMap& headers,
                                                 bool) {
  if (const auto* route = static_cast<const LocalRateLimitRouteConfig*>(context.route_config())) {
    settings_ = &route->settings;
  }
  if (!settings_->enabled || !context.fraction(*settings_->enabled)) return Verdict::next();
  auto& stats = settings_->stats->local<LocalRateLimitStats>(context.worker());
  stats.enabled.inc();

  std::vector<RateLimitDescriptor> descriptors;
  if (settings_->limiter->uses_descriptors()) {
    if (settings_->rate_limits.empty()) {
      descriptors = describe_routed_request(context, settings_->stage, settings_->of_host);
    } else {
      describe_request(context, settings_->rate_limits, settings_->stage, descriptors);
    }
  }
  Limiter::Decision decision = limiter(context).judge(descriptors, context.now());
  bucket_ = decision.bucket;
  if (decision.allowed) {
    stats.ok.inc();
    return Verdict::next();
  }
  stats.rate_limited.inc();
  if (!settings_->enforced || !context.fraction(*settings_->enforced)) {
    context.apply(settings_->request_when_not_enforced, headers);
    return Verdict::next();
  }
  return refuse(context, stats);
}

Limiter& LocalRateLimitFilter::limiter(FilterContext& context) const {
  if (!settings_->per_connection) return *settings_->limiter;
  std::shared_ptr<void>& held = context.connection_data(settings_->limiter);
  if (held == nullptr) held = settings_->limiter->fresh();
  return *static_cast<Limiter*>(held.get());
}

Verdict LocalRateLimitFilter::refuse(FilterContext& context, LocalRateLimitStats& stats) {
  stats.enforced.inc();
  Arena& arena = context.arena();
  LocalReply reply;
  reply.code = settings_->status;
  reply.body = "local_rate_limited";
  reply.grpc_status = settings_->grpc_status;
  auto* headers = arena.make<http::HeaderMap>(arena);
  context.apply(settings_->response, *headers);
  reply.headers = headers;
  reply.outcome.flags.set(ResponseFlag::rate_limited);
  reply.outcome.details = "local_rate_limited";
  reply.outcome.cause = "there were more requests than the local rate limit allows";
  return Verdict::reply(reply);
}

Verdict LocalRateLimitFilter::on_response_headers(FilterContext& context, http::HeaderMap& headers,
                                                  bool) {
  if (bucket_ == nullptr || !settings_->rate_limit_headers) return Verdict::next();
  auto set = [&](std::string_view name, uint64_t value) {
    headers.set(name, context.arena().copy(std::to_string(value)));
  };
  set("x-ratelimit-limit", bucket_->max_tokens());
  set("x-ratelimit-remaining", static_cast<uint64_t>(bucket_->available(context.now())));
  set("x-ratelimit-reset", bucket_->seconds_to_next(context.now()));
  return Verdict::next();
}

ArenaPtr<HttpFilter> LocalRateLimitFactory::create(Arena& arena) const {
  return make_in_arena<LocalRateLimitFilter>(arena, settings_);
}

}  // namespace outrigger::filters::http_local_ratelimit
