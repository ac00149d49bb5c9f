// HostHealth: what the process has found out about one endpoint of one cluster by watching it
// (outlier detection) and by asking it (active health checks). Thread: the main thread decides and
// writes; any thread reads. Lifetime: as long as the cluster has the endpoint, whatever version of
// it, or somebody holds it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace outrigger {

// Bits. What the configuration says of an endpoint is config::Endpoint::health.
struct HealthFlag {
  static constexpr uint32_t kFailedActiveCheck = 1u << 0;
  static constexpr uint32_t kFailedOutlierCheck = 1u << 1;
  static constexpr uint32_t kDegradedByActiveCheck = 1u << 2;
  static constexpr uint32_t kPendingRemoval = 1u << 3;  // gone, but its checks still succeed
  static constexpr uint32_t kPendingActiveCheck = 1u << 4;
  static constexpr uint32_t kExcludedByAnswer = 1u << 5;  // x-envoy-immediate-health-check-fail
  static constexpr uint32_t kActiveCheckTimeout = 1u << 6;

  static constexpr uint32_t kUnhealthy = kFailedActiveCheck | kFailedOutlierCheck;
  // Such endpoints do not count when it is asked how many of all are healthy.
  static constexpr uint32_t kExcluded = kPendingActiveCheck | kExcludedByAnswer;
};

struct HostHealth {
  uint32_t flags() const { return bits.load(std::memory_order_relaxed); }
  bool has(uint32_t flag) const { return (flags() & flag) != 0; }
  void set(uint32_t flag) { bits.fetch_or(flag, std::memory_order_relaxed); }
  void clear(uint32_t flag) { bits.fetch_and(~flag, std::memory_order_relaxed); }

  std::atomic<uint32_t> bits{0};
  // Per cent of the last interval; below 0: too few requests, or nobody counts them.
  std::atomic<double> success_rate{-1};
  std::atomic<double> local_origin_success_rate{-1};
};

// Of each endpoint of an EndpointSet, in its order.
using HostHealthView = std::vector<std::shared_ptr<const HostHealth>>;

}  // namespace outrigger
