// HealthCheckFilter: answers health checks of the proxy itself, or lets them through and remembers
// the answer; marks what a failing proxy answers to others. Thread: the stream's worker. Lifetime:
// the stream's. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/health_check_filter
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/config/route_match.h"
#include "api/filter/http_filter.h"
#include "filters/http/health_check/cache.h"

namespace outrigger::filters::health_check {

struct HealthCheckRules {
  struct MinHealthy {
    std::string cluster;
    uint64_t percent = 0;
  };
  bool pass_through = false;
  std::chrono::milliseconds cache_time{0};   // only with pass_through
  std::vector<config::HeaderMatch> headers;  // which requests are health checks
  std::vector<MinHealthy> clusters;          // only without pass_through
};

class HealthCheckFilter final : public HttpFilter {
 public:
  HealthCheckFilter(const HealthCheckRules& rules, HealthCheckCache& cache)
      : rules_(rules), cache_(cache) {}

  Verdict on_request_headers(FilterContext& context, http::HeaderMap& headers,
                             bool end_stream) override;
  Verdict on_request_body(FilterContext& context, std::string_view body, bool end_stream) override;
  Verdict on_request_trailers(FilterContext& context, http::HeaderMap& trailers) override;
  Verdict on_response_headers(FilterContext& context, http::HeaderMap& headers,
                              bool end_stream) override;

 private:
  LocalReply answer(FilterContext& context);
  LocalReply ask_clusters(FilterContext& context) const;

  const HealthCheckRules& rules_;
  HealthCheckCache& cache_;
  bool health_check_ = false;
  bool answers_ = false;  // here, not the upstream
  bool from_cache_ = false;
  bool degraded_ = false;  // what the cache says
};

class HealthCheckFactory final : public HttpFilterFactory {
 public:
  explicit HealthCheckFactory(HealthCheckRules rules)
      : rules_(std::move(rules)), cache_(rules_.cache_time) {}
  ArenaPtr<HttpFilter> create(Arena& arena) const override;

 private:
  HealthCheckRules rules_;
  mutable HealthCheckCache cache_;
};

}  // namespace outrigger::filters::health_check
