// AttemptMeasure: how large a request's attempts and their answers are, and how much of their time
// they took, for clusters that ask for it (track_cluster_stats). Thread: the stream's worker.
// Lifetime: in the stream's arena, made by the router with the first attempt.
#pragma once

#include <chrono>
#include <cstdint>

#include "api/config/cluster.h"
#include "api/http/header_map.h"
#include "proxy/runtime/timer_wheel.h"

namespace outrigger::stream {

class AttemptMeasure {
 public:
  using Milliseconds = std::chrono::milliseconds;
  static bool wanted(const config::Cluster& cluster) {
    return cluster.timeout_budget_stats != nullptr || cluster.message_size_stats != nullptr;
  }
  AttemptMeasure(const config::Cluster& cluster, unsigned worker)
      : cluster_(cluster), worker_(worker) {}

  // `headers` outlive the attempt. `per_try`: its timeout; 0: none.
  void begin(const http::HeaderMap& headers, runtime::MonotonicTime now, Milliseconds per_try);
  void add_sent(uint64_t octets) { sent_ += octets; }
  void on_response(const http::HeaderMap& headers);
  void add_received(uint64_t octets) { received_ += octets; }
  // Only the first call after begin() counts.
  void end(runtime::MonotonicTime now);
  // The request was answered or ran out of time: `took` since it was complete.
  void end_request(Milliseconds took, Milliseconds timeout);

 private:
  const config::Cluster& cluster_;
  unsigned worker_;
  const http::HeaderMap* headers_ = nullptr;  // nullptr: no attempt is under way
  runtime::MonotonicTime start_;
  Milliseconds per_try_{0};
  uint64_t sent_ = 0;
  uint64_t received_ = 0;
  bool answered_ = false;
  uint64_t answer_size_ = 0;
  uint64_t answer_count_ = 0;
};

}  // namespace outrigger::stream
