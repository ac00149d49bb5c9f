#include "filters/http/cors/filter.h"

namespace outrigger::filters::cors {

using http::HeaderId;

namespace {

constexpr std::string_view kRequestMethod = "access-control-request-method";
constexpr std::string_view kRequestHeaders = "access-control-request-headers";
constexpr std::string_view kRequestPrivateNetwork = "access-control-request-private-network";
constexpr std::string_view kAllowOrigin = "access-control-allow-origin";
constexpr std::string_view kAllowCredentials = "access-control-allow-credentials";
constexpr std::string_view kAllowMethods = "access-control-allow-methods";
constexpr std::string_view kAllowHeaders = "access-control-allow-headers";
constexpr std::string_view kAllowPrivateNetwork = "access-control-allow-private-network";
constexpr std::string_view kExposeHeaders = "access-control-expose-headers";
constexpr std::string_view kMaxAge = "access-control-max-age";

bool is_preflight(const http::HeaderMap& request) {
  return request.get(HeaderId::method) == "OPTIONS" && !request.get(kRequestMethod).empty();
}

void set_if(http::HeaderMap& headers, std::string_view name, std::string_view value) {
  if (!value.empty()) headers.set(name, value);
}

}  // namespace

Verdict CorsFilter::on_request_headers(FilterContext& context, http::HeaderMap& headers, bool) {
  const config::Route* route = context.route();
  if (route == nullptr || route->forward() == nullptr) return Verdict::next();
  policies_.load(context);
  bool enabled = policies_.enabled(context);
  if (!enabled && !policies_.shadow_enabled(context)) return Verdict::next();
  std::string_view origin = headers.get(HeaderId::origin);
  if (origin.empty()) return Verdict::next();

  bool allowed = policies_.allows_origin(origin);
  auto& stats = stats_.local<CorsStats>(context.worker());
  (allowed ? stats.origin_valid : stats.origin_invalid).inc();
  if (!enabled) return Verdict::next();

  acts_ = true;
  if (allowed) allowed_origin_ = origin;
  if (!is_preflight(headers)) return Verdict::next();
  if (!allowed && policies_.flag(&CorsPolicy::forward_not_matching_preflights, true)) {
    return Verdict::next();
  }
  preflight_ = true;
  LocalReply reply;
  reply.code = 200;
  reply.outcome.details = "cors_response";
  reply.outcome.cause = "the cors filter answered a preflight request";
  reply.as_is = true;
  return Verdict::reply(reply);
}

Verdict CorsFilter::on_response_headers(FilterContext& context, http::HeaderMap& headers, bool) {
  if (!acts_) return Verdict::next();
  if (preflight_) add_preflight_headers(context.request_headers(), headers);
  if (allowed_origin_.empty()) return Verdict::next();
  headers.set(kAllowOrigin, allowed_origin_);
  if (policies_.flag(&CorsPolicy::allow_credentials, false)) headers.set(kAllowCredentials, "true");
  set_if(headers, kExposeHeaders, policies_.text(&CorsPolicy::expose_headers));
  return Verdict::next();
}

// "*" in the policy repeats what was asked for: browsers do not take "*" with credentials.
void CorsFilter::add_preflight_headers(const http::HeaderMap& request,
                                       http::HeaderMap& response) const {
  auto granted = [](std::string_view rule, std::string_view asked) {
    return rule == "*" ? asked : rule;
  };
  set_if(response, kAllowOrigin, allowed_origin_);
  if (policies_.flag(&CorsPolicy::allow_credentials, false)) {
    response.set(kAllowCredentials, "true");
  }
  set_if(response, kAllowMethods,
         granted(policies_.text(&CorsPolicy::allow_methods), request.get(kRequestMethod)));
  set_if(response, kAllowHeaders,
         granted(policies_.text(&CorsPolicy::allow_headers), request.get(kRequestHeaders)));
  set_if(response, kMaxAge, policies_.text(&CorsPolicy::max_age));
  if (policies_.flag(&CorsPolicy::allow_private_network_access, false) &&
      request.get(kRequestPrivateNetwork) == "true") {
    response.set(kAllowPrivateNetwork, "true");
  }
}

ArenaPtr<HttpFilter> CorsFactory::create(Arena& arena) const {
  return make_in_arena<CorsFilter>(arena, *stats_);
}

}  // namespace outrigger::filters::cors
