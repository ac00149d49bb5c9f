#include "filters/http/health_check/filter.h"

namespace outrigger::filters::health_check {

using http::HeaderId;

namespace {

constexpr std::string_view kHealthCheckedCluster = "x-envoy-upstream-healthchecked-cluster";

LocalReply healthy(int code, std::string_view details) {
  LocalReply reply;
  reply.code = code;
  reply.outcome.details = details;
  reply.outcome.cause = "the health_check filter answered a health check";
  return reply;
}

LocalReply unhealthy(std::string_view details, std::string_view cause) {
  LocalReply reply;
  reply.code = 503;
  reply.outcome = {ResponseFlag::failed_local_health_check, details, cause};
  return reply;
}

}  // namespace

Verdict HealthCheckFilter::on_request_headers(FilterContext& context, http::HeaderMap&,
                                              bool end_stream) {
  if (!context.request_matches(rules_.headers)) return Verdict::next();
  health_check_ = true;
  context.info().health_check = true;
  answers_ =
      !rules_.pass_through || !context.server_healthy() || cache_.get(context.now()).has_value();
  if (!answers_) return Verdict::next();
  // The connection serves the next check only once this one was read to its end.
  return end_stream ? Verdict::reply(answer(context)) : Verdict::hold();
}

Verdict HealthCheckFilter::on_request_body(FilterContext& context, std::string_view,
                                           bool end_stream) {
  if (!answers_) return Verdict::next();
  return end_stream ? Verdict::reply(answer(context)) : Verdict::hold();
}

Verdict HealthCheckFilter::on_request_trailers(FilterContext& context, http::HeaderMap&) {
  return answers_ ? Verdict::reply(answer(context)) : Verdict::next();
}

Verdict HealthCheckFilter::on_response_headers(FilterContext& context, http::HeaderMap& headers,
                                               bool) {
  if (!context.server_healthy()) {
    headers.set(HeaderId::x_envoy_immediate_health_check_fail, "true");
  }
  if (!health_check_) return Verdict::next();
  if (degraded_) headers.set(HeaderId::x_envoy_degraded, "");
  uint64_t code = 0;
  // An answer out of the cache is no news, and must not stay in it for ever.
  if (!from_cache_ && http::parse_decimal(headers.get(HeaderId::status), code)) {
    cache_.put({static_cast<int>(code), headers.has(HeaderId::x_envoy_degraded)}, context.now());
  }
  headers.set(kHealthCheckedCluster, context.service_cluster());
  return Verdict::next();
}

LocalReply HealthCheckFilter::answer(FilterContext& context) {
  if (!context.server_healthy()) {
    return unhealthy("health_check_failed", "this proxy is failing its health check");
  }
  if (auto cached = cache_.get(context.now())) {
    from_cache_ = true;
    degraded_ = cached->degraded;
    LocalReply reply = healthy(cached->code, "health_check_cached");
    if (cached->code / 100 != 2) reply.outcome.flags = ResponseFlag::failed_local_health_check;
    return reply;
  }
  return ask_clusters(context);
}

LocalReply HealthCheckFilter::ask_clusters(FilterContext& context) const {
  for (const HealthCheckRules::MinHealthy& rule : rules_.clusters) {
    ClusterHealth health = context.cluster_health(rule.cluster);
    if (!health.exists) {
      return unhealthy("health_check_failed_no_cluster_found",
                       context.arena().concat("cluster ", rule.cluster, " does not exist"));
    }
    if (health.endpoints == 0 && rule.percent != 0) {
      return unhealthy("health_check_failed_cluster_empty",
                       context.arena().concat("cluster ", rule.cluster, " has no endpoints"));
    }
    if (100 * health.available < health.endpoints * rule.percent) {
      return unhealthy(
          "health_check_failed_cluster_unhealthy",
          context.arena().concat("too few endpoints of cluster ", rule.cluster, " are healthy"));
    }
  }
  return healthy(200,
                 rules_.clusters.empty() ? "health_check_ok" : "health_check_ok_cluster_healthy");
}

ArenaPtr<HttpFilter> HealthCheckFactory::create(Arena& arena) const {
  return make_in_arena<HealthCheckFilter>(arena, rules_, cache_);
}

}  // namespace outrigger::filters::health_check
