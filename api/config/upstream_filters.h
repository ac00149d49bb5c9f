// UpstreamFilters: the HTTP filters that each attempt to get a response passes on its way to the
// upstream, and its response on its way back; the codec ends them. Thread: any; immutable.
// Lifetime: the router's or cluster's. Semantics: Router.upstream_http_filters,
// HttpProtocolOptions.http_filters.
#pragma once

#include <vector>

#include "api/config/http_connection_manager.h"

namespace outrigger::config {

struct UpstreamFilters {
  std::vector<HttpFilterEntry> filters;  // none waits, holds or answers
};

}  // namespace outrigger::config
