// Redirects that are followed here: the request begins anew, as another stream of the same client.
// Semantics: envoy.config.route.v3.InternalRedirectPolicy.
#include <algorithm>

#include "proxy/route/absolute_url.h"
#include "proxy/route/match.h"
#include "proxy/route/weighted.h"
#include "proxy/stream/http_service.h"
#include "proxy/stream/response_codes.h"
#include "proxy/stream/router.h"
#include "proxy/stream/worker_services.h"

namespace outrigger::stream {
namespace {

using config::InternalRedirectPolicy;
using http::HeaderId;

constexpr int kSeeOther = 303;

// What `response` has of these takes the place of what the request has.
void copy_headers(const InternalRedirectPolicy& policy, const http::HeaderMap& response,
                  http::HeaderMap& request) {
  for (const std::string& name : policy.response_headers_to_copy) {
    request.remove(name);
    for (const http::HeaderField& field : response.fields()) {
      if (field.name == name) request.add_copy(name, field.value);
    }
  }
}

struct Crossing {
  bool from_https, to_https;
};

bool accepts(const InternalRedirectPolicy::Predicate& predicate, std::string_view from,
             std::string_view to, Crossing schemes, RedirectHistory& history) {
  if (std::holds_alternative<InternalRedirectPolicy::PreviousRoutes>(predicate))
    return history.go(from, to);
  if (const auto* listed = std::get_if<InternalRedirectPolicy::AllowListedRoutes>(&predicate))
    return std::ranges::find(listed->names, to) != listed->names.end();
  return schemes.from_https || !schemes.to_https;
}

bool has_body_method(std::string_view method) {
  return method != "GET" && method != "HEAD";
}

}  // namespace

// True: the response is not for the client, and this router's stream has ended.
bool Router::follow_redirect(http::HeaderMap& response, int code) {
  const InternalRedirectPolicy* policy = action_->internal_redirect.get();
  if (policy == nullptr ||
      std::ranges::find(policy->codes, static_cast<uint32_t>(code)) == policy->codes.end())
    return false;
  ClusterStats& stats = cluster_->stats();
  const http::HeaderField* location = response.find(HeaderId::location);
  bool possible = end_seen_ && !(body_seen_ && body_lost_) && location != nullptr &&
                  !owner_.is_upgrade() && !owner_.response_started();
  if (!possible || !turn_request(*policy, location->value, response, code)) {
    stats.upstream_internal_redirect_failed_total.inc();
    return false;
  }
  stats.upstream_internal_redirect_succeeded_total.inc();
  bool drop_body = code == kSeeOther && has_body_method(headers_->get(HeaderId::method));
  if (drop_body) {
    headers_->set(HeaderId::method, "GET");
    headers_->remove(HeaderId::content_length);
  }
  state_ = State::done;
  cancel_timers();
  drop_contenders();
  upstream_->give_up(http::ResetReason::local_reset);
  bool body = body_seen_ && !drop_body;
  owner_.restart(response, body ? Bytes(kept_body_) : Bytes(), body,
                 drop_body ? nullptr : trailers_);
  return true;
}

// Makes the request the one that the redirect asks for, if that one may be sent; otherwise the
// request stays as it is.
bool Router::turn_request(const InternalRedirectPolicy& policy, std::string_view location,
                          const http::HeaderMap& response, int code) {
  HttpStats& stats = owner_.service().stats();
  std::optional<route::AbsoluteUrl> url = route::parse_absolute_url(location);
  if (!url) {
    stats.passthrough_internal_redirect_bad_location.inc();
    return false;
  }
  Crossing schemes{headers_->get(HeaderId::scheme) == "https", url->https};
  if (!policy.allow_cross_scheme && schemes.from_https != schemes.to_https) {
    stats.passthrough_internal_redirect_unsafe_scheme.inc();
    return false;
  }
  RedirectHistory& history = owner_.redirect_history();
  if (history.redirects >= policy.max_redirects) {
    stats.passthrough_internal_redirect_too_many_redirects.inc();
    return false;
  }
  Arena& arena = owner_.arena();
  http::HeaderMap saved(arena);
  saved.copy_from(*headers_);
  copy_headers(policy, response, *headers_);
  headers_->set_copy(HeaderId::scheme, url->scheme);
  headers_->set_copy(HeaderId::authority, url->authority);
  headers_->set_copy(HeaderId::path, url->path);
  if (!accept_target(policy, history, schemes.from_https, schemes.to_https)) {
    headers_->clear();
    headers_->copy_from(saved);
    return false;
  }
  ++history.redirects;
  headers_->set("x-envoy-original-url",
                arena.concat(schemes.from_https ? "https" : "http", "://",
                             saved.get(HeaderId::authority), saved.get(HeaderId::path)));
  owner_.info().response_code = code;
  return true;
}

// Is there a route for the request as it is now, and may the redirect lead to it?
bool Router::accept_target(const InternalRedirectPolicy& policy, RedirectHistory& history,
                           bool from_https, bool to_https) {
  HttpStats& stats = owner_.service().stats();
  route::RouteMatchResult target = owner_.find_route();
  if (target.route == nullptr && !target.needs_tls) {
    stats.passthrough_internal_redirect_no_route.inc();
    return false;
  }
  std::string_view name = target.route == nullptr ? std::string_view() : target.route->name;
  for (const InternalRedirectPolicy::Predicate& predicate : policy.predicates) {
    if (accepts(predicate, route_->name, name, {from_https, to_https}, history)) continue;
    stats.passthrough_internal_redirect_predicate.inc();
    return false;
  }
  // The log of what ends here names what it led to, as Envoy's does.
  StreamInfo& info = owner_.info();
  info.route = target.route;
  info.virtual_host = target.host;
  const config::ForwardAction* action = target.route == nullptr ? nullptr : target.route->forward();
  if (action != nullptr && action->cluster.slot != config::ClusterRef::kNoSlot) {
    upstream::WorkerCluster* cluster = owner_.services().clusters.find(action->cluster.slot);
    if (cluster != nullptr) info.upstream_cluster = &cluster->config();
  }
  return true;
}

}  // namespace outrigger::stream
