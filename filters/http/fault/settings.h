// FaultSettings: which faults are injected into which requests, compiled; of the filter, or of a
// route. Thread: any; immutable. Lifetime: the factory's or the route table's. Semantics:
// envoy.extensions.filters.http.fault.v3.HTTPFault.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/config/route_match.h"
#include "api/filter/http_filter.h"

namespace outrigger::filters::fault {

// How likely a fault is. A request's header may lower the numerator where the fault is controlled
// by headers.
struct Chance {
  config::RuntimeFraction configured;
  uint32_t unit = 10'000;   // one of the numerator, of a million
  std::string_view header;  // static; empty: the request has no say
};

struct Delay {
  Chance chance;
  std::optional<std::chrono::milliseconds> fixed;  // absent: a header says
};

struct Abort {
  Chance chance;
  bool by_header = false;
  std::optional<uint32_t> http_status;
  std::optional<uint32_t> grpc_status;
};

struct RateLimit {
  Chance chance;
  std::optional<uint64_t> kib_per_second;  // absent: a header says
};

struct FaultSettings {
  std::optional<Delay> delay;
  std::optional<Abort> abort;
  std::optional<RateLimit> rate_limit;
  // Which requests; empty: all.
  std::string upstream_cluster;
  std::vector<config::HeaderMatch> headers;
  std::vector<std::string> downstream_nodes;
  std::optional<uint64_t> max_active_faults;
  // Runtime keys of what is not a chance.
  std::string delay_duration_key;
  std::string http_status_key;
  std::string grpc_status_key;
  std::string max_active_key;
  bool disable_downstream_cluster_stats = false;

  bool injects_nothing() const { return !delay && !abort && !rate_limit; }
};

struct FaultRouteConfig final : FilterRouteConfig {
  FaultSettings settings;
};

}  // namespace outrigger::filters::fault
