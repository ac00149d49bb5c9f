// StatefulSessionFilter: sends a client to the host that it was with before, and tells it which
// host that is. Thread: the stream's worker. Lifetime: the stream's. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/stateful_session_filter
#pragma once

#include <string_view>
#include <utility>

#include "api/filter/http_filter.h"
#include "api/stats.h"
#include "filters/http/stateful_session/session_state.h"

namespace outrigger::filters::stateful_session {

#define OUTRIGGER_STATEFUL_SESSION_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(failed_closed)                                                   \
  COUNTER(failed_open)                                                     \
  COUNTER(no_session)                                                      \
  COUNTER(routed)
OUTRIGGER_DEFINE_STATS(StatefulSessionStats, OUTRIGGER_STATEFUL_SESSION_STATS)

struct SessionSettings {
  SessionState state;
  bool strict = false;  // no other host takes the place of the session's
};

struct SessionRouteConfig final : FilterRouteConfig {
  bool disabled = false;
  SessionSettings settings;
};

class StatefulSessionFilter final : public HttpFilter {
 public:
  StatefulSessionFilter(const SessionSettings& settings, StatsScope* stats)
      : settings_(&settings), stats_(stats) {}

  Verdict on_request_headers(FilterContext& context, http::HeaderMap& headers,
                             bool end_stream) override;
  Verdict on_response_headers(FilterContext& context, http::HeaderMap& headers,
                              bool end_stream) override;

 private:
  void count(FilterContext& context, Counter StatefulSessionStats::*which) const;

  const SessionSettings* settings_;  // the filter's, or the route's
  StatsScope* stats_;                // nullptr: nobody asked for them
  std::string_view address_;         // of the client's session; empty: none
  bool active_ = false;
  bool has_session_ = false;
};

class StatefulSessionFactory final : public HttpFilterFactory {
 public:
  StatefulSessionFactory(SessionSettings settings, StatsScopePtr stats)
      : settings_(std::move(settings)), stats_(std::move(stats)) {}
  ArenaPtr<HttpFilter> create(Arena& arena) const override;

 private:
  SessionSettings settings_;
  StatsScopePtr stats_;
};

}  // namespace outrigger::filters::stateful_session
