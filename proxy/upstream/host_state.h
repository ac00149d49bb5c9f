// HostState: what the process knows of one endpoint of a cluster that watches its endpoints
// (outlier detection) or asks them (active health checks). Every worker notes in it what its
// requests met; the main thread decides. HostWatch: what the states of one cluster have in common.
// Thread: note_*() on any worker, with relaxed atomics and a shard of counters each: an endpoint
// that never fails costs a request two loads and two stores of its own. Flags, bookkeeping of the
// detector: main. Lifetime: shared; who holds one may outlive the cluster.
// Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "api/config/cluster.h"
#include "api/host_health.h"
#include "api/stats_cluster.h"

namespace outrigger::upstream {

// Why an endpoint is ejected.
enum class OutlierKind : uint8_t {
  consecutive_5xx,
  consecutive_gateway_failure,
  consecutive_local_origin_failure,
  success_rate,
  success_rate_local_origin,
  failure_percentage,
  failure_percentage_local_origin
};

struct HostState;
using HostStatePtr = std::shared_ptr<HostState>;

struct HostWatch {
  // How many in a row are reported; the runtime may change them.
  std::atomic<uint32_t> consecutive_5xx{5};
  std::atomic<uint32_t> consecutive_gateway_failure{5};
  std::atomic<uint32_t> consecutive_local_origin_failure{5};
  bool split_local_origin = false;  // failures to connect count apart from answers
  bool watches = false;             // there is outlier detection
  // Called on the worker that saw it; hands it to the main thread. May be empty.
  std::function<void(HostStatePtr, OutlierKind)> on_consecutive;
  // The endpoint itself said that it must not be used.
  std::function<void(HostStatePtr)> on_refusal;
};

struct HostState final : HostHealth, std::enable_shared_from_this<HostState> {
  using Time = std::chrono::steady_clock::time_point;
  enum class Failure : uint8_t {
    connect,  // no connection, or it broke
    timeout
  };

  HostState(std::shared_ptr<const HostWatch> watch_in, config::EndpointPtr endpoint_in);

  // The response's status.
  void note_response(OutlierResults& mine, int code);
  void note_failure(OutlierResults& mine, Failure failure);
  // The connection stands; what is spoken over it counts by itself.
  void note_connected(OutlierResults& mine);
  // The connection stands, and nothing else will be known of it: TCP.
  void note_connected_at_last(OutlierResults& mine);
  // x-envoy-immediate-health-check-fail
  void note_refusal();

  void reset_counts();

  const std::shared_ptr<const HostWatch> watch;
  StatsScope results;  // OutlierResults
  std::atomic<uint32_t> in_row_5xx{0};
  std::atomic<uint32_t> in_row_gateway{0};
  std::atomic<uint32_t> in_row_local{0};

  // The main thread's.
  config::EndpointPtr endpoint;  // the version in force
  config::Locality locality;
  uint32_t ejections = 0;
  uint32_t backoff = 0;  // the ejection lasts as many times base_ejection_time
  std::chrono::milliseconds jitter{0};
  std::optional<Time> ejected_at, returned_at;
  struct Sums {
    uint64_t total = 0, success = 0;
  };
  Sums seen, seen_local;  // up to the end of the last interval

 private:
  void note_code(OutlierResults& mine, int code);
  void note_local(OutlierResults& mine, bool success);
  void count(std::atomic<uint32_t>& in_row, const std::atomic<uint32_t>& limit, OutlierKind kind);
};

// By the configuration and by what is known. `state` nullptr: nothing.
config::Endpoint::Health effective_health(const config::Endpoint& endpoint,
                                          const HostHealth* state);

// Of each endpoint of an EndpointSet, in its order.
using HostStates = std::vector<HostStatePtr>;
using HostStatesPtr = std::shared_ptr<const HostStates>;

}  // namespace outrigger::upstream
