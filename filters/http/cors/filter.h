// CorsFilter: answers preflight requests and says in responses which origins may read them. It acts
// where the route forwards and has a CorsPolicy. Thread: the stream's worker. Lifetime: the
// stream's. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/cors_filter
#pragma once

#include <string_view>
#include <utility>

#include "api/filter/http_filter.h"
#include "api/stats.h"
#include "filters/http/cors/policy.h"

namespace outrigger::filters::cors {

#define OUTRIGGER_CORS_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(origin_valid)                                        \
  COUNTER(origin_invalid)
OUTRIGGER_DEFINE_STATS(CorsStats, OUTRIGGER_CORS_STATS)

class CorsFilter final : public HttpFilter {
 public:
  explicit CorsFilter(StatsScope& stats) : stats_(stats) {}

  Verdict on_request_headers(FilterContext& context, http::HeaderMap& headers,
                             bool end_stream) override;
  Verdict on_response_headers(FilterContext& context, http::HeaderMap& headers,
                              bool end_stream) override;

 private:
  void add_preflight_headers(const http::HeaderMap& request, http::HeaderMap& response) const;

  StatsScope& stats_;
  CorsPolicies policies_;
  std::string_view allowed_origin_;  // empty: the request has none, or one that is not allowed
  bool acts_ = false;
  bool preflight_ = false;  // answered here
};

class CorsFactory final : public HttpFilterFactory {
 public:
  explicit CorsFactory(StatsScopePtr stats) : stats_(std::move(stats)) {}
  ArenaPtr<HttpFilter> create(Arena& arena) const override;

 private:
  StatsScopePtr stats_;
};

}  // namespace outrigger::filters::cors
