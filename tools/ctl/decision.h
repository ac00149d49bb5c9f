// What the routes do with a request: the route, the cluster, the answer; and the heads that come of
// it. The same functions as the proxy's decide; see proxy/stream/router. Thread: main.
#pragma once

#include <cstdint>
#include <string_view>

#include "api/config/route.h"
#include "proxy/route/match.h"
#include "tools/ctl/request.h"
#include "tools/ctl/route_source.h"

namespace outrigger::ctl {

struct Decision {
  route::RouteMatchResult matched;
  std::string_view redirect;  // where a redirect leads to, where a direct response answers from
  int code = 0;               // of the answer; 0: none is made here

  const config::ForwardAction* forward() const {
    return matched.route == nullptr ? nullptr : matched.route->forward();
  }
  // Answered without an upstream: a redirect (of the host to TLS, too) or a direct response.
  bool answers() const { return code != 0; }
  // There is a route that does not answer.
  bool has_entry() const { return matched.route != nullptr && !answers(); }
};

// Reads the request, changes nothing of it. The decision borrows both.
Decision decide(const LoadedRoutes& routes, Request& request,
                const route::FractionSource& fractions);

// Makes of the request's head what goes upstream, and of the response's what comes back.
void apply(const LoadedRoutes& routes, const Decision& decision, Request& request);

// The virtual cluster that the head is counted under; empty: none.
std::string_view virtual_cluster_of(const Decision& decision, const http::HeaderMap& headers);

route::RouteInput route_input(Request& request, const route::FractionSource& fractions);

}  // namespace outrigger::ctl
