// Rbac: lets requests through by policies on who comes and what is asked for. A route's
// configuration takes the place of the filter's. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/rbac_filter
// Thread: the stream's worker. Lifetime: the stream's.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "api/filter/http_filter.h"
#include "api/rbac.h"
#include "api/stats.h"

namespace outrigger::filters::http_rbac {

#define OUTRIGGER_HTTP_RBAC_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(allowed)                                                  \
  COUNTER(denied)
OUTRIGGER_DEFINE_STATS(RbacStats, OUTRIGGER_HTTP_RBAC_STATS)

#define OUTRIGGER_HTTP_RBAC_SHADOW_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(shadow_allowed)                                                  \
  COUNTER(shadow_denied)
OUTRIGGER_DEFINE_STATS(RbacShadowStats, OUTRIGGER_HTTP_RBAC_SHADOW_STATS)

struct Rules {
  std::optional<rbac::Policies> enforced;  // absent: everything is allowed
  std::optional<rbac::Policies> shadow;    // judge, and only tell
  // Of the dynamic metadata's keys.
  std::string enforced_prefix, shadow_prefix;
};

// RBACPerRoute: without rules the filter does nothing there.
struct RouteRules final : FilterRouteConfig {
  Rules rules;
};

struct Settings {
  Rules rules;
  StatsScopePtr stats, shadow_stats;
};

class RbacFilter final : public HttpFilter {
 public:
  explicit RbacFilter(const Settings& settings) : settings_(settings) {}

  Verdict on_request_headers(FilterContext& context, http::HeaderMap& headers,
                             bool end_stream) override;

 private:
  void judge_shadow(FilterContext& context, const Rules& rules);
  // The denied request's decision; nullopt: it may pass.
  std::optional<rbac::Decision> judge(FilterContext& context, const Rules& rules);

  const Settings& settings_;
};

class RbacFactory final : public HttpFilterFactory {
 public:
  explicit RbacFactory(Settings settings) : settings_(std::move(settings)) {}

  ArenaPtr<HttpFilter> create(Arena& arena) const override {
    return make_in_arena<RbacFilter>(arena, settings_);
  }

 private:
  Settings settings_;
};

}  // namespace outrigger::filters::http_rbac
