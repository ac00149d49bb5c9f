// LocalRateLimitFilter: refuses requests of which there were too many. Thread: the stream's worker.
// Lifetime: the stream's. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/local_rate_limit_filter
#pragma once

#include <utility>

#include "api/filter/http_filter.h"
#include "filters/http/local_ratelimit/settings.h"

namespace outrigger::filters::http_local_ratelimit {

class LocalRateLimitFilter final : public HttpFilter {
 public:
  explicit LocalRateLimitFilter(const Settings& settings) : settings_(&settings) {}

  Verdict on_request_headers(FilterContext& context, http::HeaderMap& headers,
                             bool end_stream) override;
  Verdict on_response_headers(FilterContext& context, http::HeaderMap& headers,
                              bool end_stream) override;

 private:
  Limiter& limiter(FilterContext& context) const;
  Verdict refuse(FilterContext& context, LocalRateLimitStats& stats);

  const Settings* settings_;
  const TokenBucket* bucket_ = nullptr;  // that response headers tell about
};

class LocalRateLimitFactory final : public HttpFilterFactory {
 public:
  explicit LocalRateLimitFactory(Settings settings) : settings_(std::move(settings)) {}
  ArenaPtr<HttpFilter> create(Arena& arena) const override;

 private:
  Settings settings_;
};

}  // namespace outrigger::filters::http_local_ratelimit
