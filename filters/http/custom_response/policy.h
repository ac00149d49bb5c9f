// Policies of custom responses: what takes the place of a response that a matcher chose. Thread:
// any; immutable. Lifetime: the filter's configuration, a route's, or a request's that was sent
// elsewhere. Semantics: envoy.extensions.http.custom_response.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "api/config/header_mutation.h"
#include "api/config/match_tree.h"
#include "api/config/route.h"
#include "api/config/substitution.h"
#include "api/filter/http_filter.h"
#include "api/stats.h"

namespace outrigger::filters::custom_response {

#define OUTRIGGER_CUSTOM_RESPONSE_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(custom_response_invalid_uri)                                    \
  COUNTER(custom_response_redirect_no_route)
OUTRIGGER_DEFINE_STATS(CustomResponseStats, OUTRIGGER_CUSTOM_RESPONSE_STATS)

// Made here.
struct LocalResponse {
  std::string body;
  std::optional<config::LogFormat> body_format;
  std::optional<int> status;  // absent: that of the response
  config::HeaderMutations headers;
};

// Made by what another route leads to.
struct Redirect {
  std::string url;            // absolute; empty: `route` makes it of the request's
  config::Route route;        // its action is the RedirectAction
  std::optional<int> status;  // absent: that of the response in whose place this is
  config::HeaderMutations request_headers;
  config::HeaderMutations response_headers;
  StatsScopePtr stats;  // CustomResponseStats
};

// What the stream of the other place finds.
struct SentElsewhere final : DetourMark {
  SentElsewhere(std::shared_ptr<const Redirect> by, int from)
      : policy(std::move(by)), status(from) {}

  std::shared_ptr<const Redirect> policy;
  int status;  // of the response that the client does not get
};

using Policy = std::variant<LocalResponse, std::shared_ptr<const Redirect>>;

// The policies of one level.
struct Policies final : FilterRouteConfig {
  config::MatchTree matcher;  // without conditions it chooses none
  std::vector<Policy> policies;

  // nullptr: none.
  const Policy* find(const config::MatchSource& source) const {
    uint32_t action = matcher.find(source);
    return action == config::OnMatch::kNoAction ? nullptr : &policies[action];
  }
};

}  // namespace outrigger::filters::custom_response
