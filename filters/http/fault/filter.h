// FaultFilter: makes requests fail or wait, and responses trickle, so that people see what their
// callers do then. Thread: the stream's worker. Lifetime: the stream's. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/fault_filter
//
//   headers --delay drawn--> delayed --timer--> abort drawn? reply : resume
//   headers --abort drawn--> reply
// Whatever was drawn, the response may be throttled too: each piece waits for the rate's octets.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "api/filter/http_filter.h"
#include "filters/http/fault/counters.h"
#include "filters/http/fault/rate_bucket.h"
#include "filters/http/fault/settings.h"

namespace outrigger::filters::fault {

class FaultFactory;

class FaultFilter final : public HttpFilter {
 public:
  // A longer delay in a header is a mistake or worse; the stream's own timeouts are far below.
  static constexpr std::chrono::milliseconds kMaxDelay = std::chrono::hours(24);

  explicit FaultFilter(const FaultFactory& factory) : factory_(factory) {}

  Verdict on_request_headers(FilterContext& context, http::HeaderMap& headers,
                             bool end_stream) override;
  Verdict on_response_body(FilterContext& context, std::string_view body, bool end_stream) override;
  void on_timer(FilterContext& context, unsigned tag) override;
  void on_stream_end(FilterContext& context) override;

 private:
  enum Timer : unsigned {
    kDelayTimer,
    kRateTimer
  };
  struct AbortStatus {
    int http = 200;
    int grpc = -1;
  };

  bool concerns(FilterContext& context, const http::HeaderMap& headers) const;
  void set_up_rate_limit(FilterContext& context);
  bool start_delay(FilterContext& context);
  std::optional<AbortStatus> draw_abort(FilterContext& context) const;
  std::optional<AbortStatus> abort_status(FilterContext& context) const;
  LocalReply abort(FilterContext& context, const AbortStatus& status);
  void after_delay(FilterContext& context);
  void let_pass(FilterContext& context);

  // False: as many faults as allowed are active.
  bool activate(FilterContext& context);
  void deactivate(FilterContext& context);
  void count_downstream(FilterContext& context, Counter DownstreamFaultStats::*counter) const;

  bool drawn(FilterContext& context, const Chance& chance, std::string_view runtime_key) const;
  // The runtime key that is the downstream cluster's own; empty: the request names none.
  std::string_view downstream_key(FilterContext& context, std::string_view end) const;

  const FaultFactory& factory_;
  const FaultSettings* settings_ = nullptr;
  std::optional<std::string_view> downstream_cluster_;  // what the request says
  std::optional<RateBucket> bucket_;
  size_t waiting_octets_ = 0;  // of the response's piece that waits
  bool active_ = false;
};

class FaultFactory final : public HttpFilterFactory {
 public:
  FaultFactory(FaultSettings settings, FaultCounters counters)
      : settings_(std::move(settings)), counters_(std::move(counters)) {}
  ArenaPtr<HttpFilter> create(Arena& arena) const override;
  const FaultSettings& settings() const { return settings_; }
  const FaultCounters& counters() const { return counters_; }

 private:
  FaultSettings settings_;
  FaultCounters counters_;
};

}  // namespace outrigger::filters::fault
