// LoadReport: what a host tells of its load in a response's headers or trailers (ORCA):
// endpoint-load-metrics: TEXT cpu_utilization=0.3,rps_fractional=20 | JSON {..} | BIN <base64>, and
// endpoint-load-metrics-bin. Pure; allocates nothing. Thread: any. Semantics: xds.data.orca.v3,
// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_reporting_service
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/header_map.h"

namespace outrigger::upstream {

struct LoadReport {
  double application_utilization = 0;
  double cpu_utilization = 0;
  double greatest_named = 0;  // of the metrics that were asked for
  double requests_per_second = 0;
  double errors_per_second = 0;
};

// nullopt: there is none, or not one that can be read. `metrics`: which of the maps' entries are
// asked for, "named_metrics.foo".
std::optional<LoadReport> find_load_report(const http::HeaderMap& headers,
                                           const std::vector<std::string>& metrics);
// The same of one value, "TEXT ..".
std::optional<LoadReport> read_load_report(std::string_view value,
                                           const std::vector<std::string>& metrics);

// Requests per second that one unit of utilization carries; nullopt: the report does not say.
std::optional<uint32_t> weight_of(const LoadReport& report, double error_penalty);

}  // namespace outrigger::upstream
