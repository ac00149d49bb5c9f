// CsrfFilter: refuses requests that change something and come from a page of another origin.
// Thread: the stream's worker. Lifetime: the stream's. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/csrf_filter
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "api/config/route_match.h"
#include "api/filter/http_filter.h"
#include "api/stats.h"

namespace outrigger::filters::csrf {

#define OUTRIGGER_CSRF_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(missing_source_origin)                               \
  COUNTER(request_invalid)                                     \
  COUNTER(request_valid)
OUTRIGGER_DEFINE_STATS(CsrfStats, OUTRIGGER_CSRF_STATS)

struct Policy final : FilterRouteConfig {
  config::RuntimeFraction enabled;
  std::optional<config::RuntimeFraction> shadow_enabled;
  std::vector<config::StringMatcher> additional_origins;
};

// "https://shop.example:8443/cart": "shop.example:8443"; what is no URL is taken as it is.
std::string_view host_and_port(std::string_view url);

class CsrfFilter final : public HttpFilter {
 public:
  CsrfFilter(const Policy& policy, StatsScope& stats) : policy_(policy), stats_(stats) {}

  Verdict on_request_headers(FilterContext& context, http::HeaderMap& headers,
                             bool end_stream) override;

 private:
  const Policy& policy_;
  StatsScope& stats_;
};

class CsrfFactory final : public HttpFilterFactory {
 public:
  CsrfFactory(std::shared_ptr<const Policy> policy, StatsScopePtr stats)
      : policy_(std::move(policy)), stats_(std::move(stats)) {}
  ArenaPtr<HttpFilter> create(Arena& arena) const override;

 private:
  std::shared_ptr<const Policy> policy_;
  StatsScopePtr stats_;
};

}  // namespace outrigger::filters::csrf
