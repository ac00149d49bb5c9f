// ConnectionLimit: refuses connections above a number of them, of all workers together; at once or
// after a delay, which slows down who would try again. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/listeners/network_filters/connection_limit_filter
// Thread: the connection's worker; the count is shared. Lifetime: the connection's.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "api/filter/network_filter.h"
#include "api/stats.h"

namespace outrigger::filters::connection_limit {

#define OUTRIGGER_CONNECTION_LIMIT_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(limited_connections)                                             \
  GAUGE(active_connections)
OUTRIGGER_DEFINE_STATS(ConnectionLimitStats, OUTRIGGER_CONNECTION_LIMIT_STATS)

// One configured limit; shared by the connections that it counts.
struct Limit {
  uint64_t max_connections = 0;
  std::optional<std::chrono::milliseconds> delay;
  bool enabled = true;
  std::string runtime_key;  // of `enabled`
  StatsScopePtr stats;
  std::atomic<uint64_t> used{0};

  bool try_take() {
    if (used.fetch_add(1, std::memory_order_relaxed) < max_connections) return true;
    give();
    return false;
  }
  void give() { used.fetch_sub(1, std::memory_order_relaxed); }
};

class ConnectionLimitFilter final : public NetworkFilter {
 public:
  explicit ConnectionLimitFilter(std::shared_ptr<Limit> limit) : limit_(std::move(limit)) {}

  NetworkVerdict on_new_connection(NetworkFilterContext& context) override;
  void on_timer(NetworkFilterContext& context) override;
  void on_close(NetworkFilterContext& context) override;

 private:
  ConnectionLimitStats& stats(NetworkFilterContext& context) {
    return limit_->stats->local<ConnectionLimitStats>(context.worker());
  }

  std::shared_ptr<Limit> limit_;
  bool active_ = false;  // the gauge has it
  bool counted_ = false;
};

class ConnectionLimitFactory final : public NetworkFilterFactory {
 public:
  explicit ConnectionLimitFactory(std::shared_ptr<Limit> limit) : limit_(std::move(limit)) {}

  std::unique_ptr<NetworkFilter> create() const override {
    return std::make_unique<ConnectionLimitFilter>(limit_);
  }

 private:
  std::shared_ptr<Limit> limit_;
};

}  // namespace outrigger::filters::connection_limit
