// HttpInspector: sees whether a plain connection begins like HTTP; filter chains then match by its
// version as if ALPN had asked for it. Thread: the filter its connection's worker. Semantics:
// envoy.extensions.filters.listener.http_inspector.v3.
#pragma once

#include <memory>
#include <utility>

#include "api/filter/listener_filter.h"
#include "api/stats.h"

namespace outrigger::filters::http_inspector {

// http_inspector.*
#define OUTRIGGER_HTTP_INSPECTOR_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(http10_found)                                                  \
  COUNTER(http11_found)                                                  \
  COUNTER(http2_found)                                                   \
  COUNTER(http_not_found)                                                \
  COUNTER(read_error)
OUTRIGGER_DEFINE_STATS(HttpInspectorStats, OUTRIGGER_HTTP_INSPECTOR_STATS)

class HttpInspector final : public ListenerFilter {
 public:
  // Envoy's: a longer request line is refused.
  static constexpr size_t kMaxRequestLine = 64 * 1024;

  explicit HttpInspector(StatsScope& stats) : stats_(stats) {}
  ListenerFilterVerdict look(ListenerFilterContext& context, Bytes data, bool end_stream,
                             size_t& consumed) override;
  size_t max_bytes() const override { return kMaxRequestLine; }

 private:
  StatsScope& stats_;
};

class HttpInspectorFactory final : public ListenerFilterFactory {
 public:
  explicit HttpInspectorFactory(StatsScopePtr stats) : stats_(std::move(stats)) {}
  std::unique_ptr<ListenerFilter> create() const override {
    return std::make_unique<HttpInspector>(*stats_);
  }

 private:
  StatsScopePtr stats_;
};

}  // namespace outrigger::filters::http_inspector
