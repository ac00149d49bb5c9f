#include "tools/ctl/decision.h"

#include <string>

#include "proxy/route/redirect.h"
#include "proxy/route/rewrite.h"

namespace outrigger::ctl {
namespace {

using http::HeaderId;

// A virtual host that has virtual clusters counts what none of them takes under this name.
constexpr std::string_view kOtherVirtualCluster = "other";

const config::RedirectAction* redirect_of(const Decision& decision) {
  const config::Route* route = decision.matched.route;
  return route == nullptr ? nullptr : std::get_if<config::RedirectAction>(&route->action);
}

const config::DirectResponseAction* direct_of(const Decision& decision) {
  const config::Route* route = decision.matched.route;
  return route == nullptr ? nullptr : std::get_if<config::DirectResponseAction>(&route->action);
}

void decide_answer(Decision& decision, Request& request) {
  http::HeaderMap& headers = request.headers();
  Arena& arena = request.arena();
  if (decision.matched.needs_tls) {
    decision.code = 301;
    decision.redirect = route::tls_redirect_location(headers, arena);
  } else if (const auto* redirect = redirect_of(decision)) {
    decision.code = redirect->code;
    decision.redirect = route::redirect_location(*decision.matched.route, headers, arena);
  } else if (const auto* direct = direct_of(decision)) {
    decision.code = direct->status;
    decision.redirect = arena.concat(headers.get(HeaderId::scheme), "://",
                                     headers.get(HeaderId::authority), headers.get(HeaderId::path));
  }
}

route::MutationLevels levels_of(const LoadedRoutes& routes, const Decision& decision) {
  return {&routes.table(), decision.matched.host, decision.matched.route,
          decision.matched.cluster.weighted};
}

// The head of an answer that is made here.
void answer(const LoadedRoutes& routes, const Decision& decision, Request& request) {
  http::HeaderMap& response = request.response();
  Arena& arena = request.arena();
  response.add(HeaderId::status, arena.copy(std::to_string(decision.code)));
  if (const auto* direct = direct_of(decision)) {
    std::string_view body = direct->body;
    if (direct->body_format != nullptr) body = request.render(*direct->body_format, body);
    if (!body.empty()) {
      response.add(HeaderId::content_length, arena.copy(std::to_string(body.size())));
      response.add(HeaderId::content_type, "text/plain");
    }
  }
  if (decision.matched.route == nullptr) return;
  if (redirect_of(decision) != nullptr) {
    http::HeaderMap& headers = request.headers();
    std::string_view old_path = headers.get(HeaderId::path);
    std::string_view path = route::rewritten_path(*decision.matched.route, old_path, arena);
    if (!path.empty()) {
      headers.set(HeaderId::x_envoy_original_path, old_path);
      headers.set(HeaderId::path, path);
    }
  }
  route::mutate_response(levels_of(routes, decision), response, request);
}

}  // namespace

route::RouteInput route_input(Request& request, const route::FractionSource& fractions) {
  return {.headers = request.headers(),
          .scratch = request.arena(),
          .random = request.random(),
          .fractions = &fractions,
          .info = &request.info()};
}

Decision decide(const LoadedRoutes& routes, Request& request,
                const route::FractionSource& fractions) {
  Decision decision;
  decision.matched = route::match(routes.table(), route_input(request, fractions));
  request.info().virtual_host = decision.matched.host;
  request.info().route = decision.matched.route;
  decide_answer(decision, request);
  return decision;
}

void apply(const LoadedRoutes& routes, const Decision& decision, Request& request) {
  if (decision.answers()) return answer(routes, decision, request);
  if (!decision.has_entry()) return;
  route::MutationLevels levels = levels_of(routes, decision);
  route::mutate_request(levels, request.headers(), request);
  route::rewrite_request(*decision.matched.route, request.headers(), {.values = &request});
  route::mutate_response(levels, request.response(), request);
}

std::string_view virtual_cluster_of(const Decision& decision, const http::HeaderMap& headers) {
  if (!decision.has_entry()) return {};
  const config::VirtualClusters* clusters = decision.matched.host->virtual_clusters.get();
  if (clusters == nullptr) return {};
  const config::VirtualClusters::Entry* entry = clusters->find(headers);
  return entry == nullptr ? kOtherVirtualCluster : entry->name;
}

}  // namespace outrigger::ctl
