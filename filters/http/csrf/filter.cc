#include "filters/http/csrf/filter.h"

#include <algorithm>

namespace outrigger::filters::csrf {
namespace {

using http::HeaderId;

bool changes_something(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "DELETE" || method == "PATCH";
}

std::string_view source_of(const http::HeaderMap& headers) {
  std::string_view origin = host_and_port(headers.get(HeaderId::origin));
  if (origin == "null") return {};  // the page's origin is not to be known
  return origin.empty() ? host_and_port(headers.get(HeaderId::referer)) : origin;
}

bool is_allowed(const Policy& policy, std::string_view source, const http::HeaderMap& headers) {
  if (source == host_and_port(headers.get(HeaderId::authority))) return true;
  return std::any_of(
      policy.additional_origins.begin(), policy.additional_origins.end(),
      [source](const config::StringMatcher& origin) { return origin.matches(source); });
}

}  // namespace

std::string_view host_and_port(std::string_view url) {
  size_t scheme = url.find("://");
  if (scheme == std::string_view::npos || scheme == 0) return url;
  std::string_view rest = url.substr(scheme + 3);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  // Who the user is says nothing about the origin.
  size_t at = rest.rfind('@');
  if (at != std::string_view::npos) rest.remove_prefix(at + 1);
  return rest.empty() ? url : rest;
}

Verdict CsrfFilter::on_request_headers(FilterContext& context, http::HeaderMap& headers, bool) {
  const auto* route = static_cast<const Policy*>(context.route_config());
  const Policy& policy = route == nullptr ? policy_ : *route;
  bool enabled = context.fraction(policy.enabled);
  bool shadow = policy.shadow_enabled && context.fraction(*policy.shadow_enabled);
  if ((!enabled && !shadow) || !changes_something(headers.get(HeaderId::method))) {
    return Verdict::next();
  }
  auto& stats = stats_.local<CsrfStats>(context.worker());
  std::string_view source = source_of(headers);
  if (!source.empty() && is_allowed(policy, source, headers)) {
    stats.request_valid.inc();
    return Verdict::next();
  }
  (source.empty() ? stats.missing_source_origin : stats.request_invalid).inc();
  if (!enabled) return Verdict::next();
  LocalReply reply;
  reply.code = 403;
  reply.body = "Invalid origin";
  reply.outcome.details = "csrf_origin_mismatch";
  reply.outcome.cause = "the request comes from a page of another origin";
  return Verdict::reply(reply);
}

ArenaPtr<HttpFilter> CsrfFactory::create(Arena& arena) const {
  return make_in_arena<CsrfFilter>(arena, *policy_, *stats_);
}

}  // namespace outrigger::filters::csrf
