// The request headers by which a client asks for faults, where the configuration lets it.
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/fault_filter#controlling-fault-injection-via-http-headers
#pragma once

#include <string_view>

namespace outrigger::filters::fault::header {

inline constexpr std::string_view kAbort = "x-envoy-fault-abort-request";
inline constexpr std::string_view kAbortPercentage = "x-envoy-fault-abort-request-percentage";
inline constexpr std::string_view kAbortGrpc = "x-envoy-fault-abort-grpc-request";
inline constexpr std::string_view kDelay = "x-envoy-fault-delay-request";
inline constexpr std::string_view kDelayPercentage = "x-envoy-fault-delay-request-percentage";
inline constexpr std::string_view kThroughput = "x-envoy-fault-throughput-response";
inline constexpr std::string_view kThroughputPercentage =
    "x-envoy-fault-throughput-response-percentage";

}  // namespace outrigger::filters::fault::header
