// OutlierDetection, HealthCheck: how a cluster finds out which of its endpoints are healthy: by
// what they answer to requests, and by asking them. Thread: any; immutable. Compiled by
// xds/compile_outlier_detection and xds/compile_health_check. Semantics:
// envoy.config.cluster.v3.OutlierDetection, envoy.config.core.v3.HealthCheck.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/config/header_mutation.h"
#include "api/config/string_matcher.h"
#include "api/metadata.h"
#include "api/net/address.h"

namespace outrigger::config {

// Numbers are Envoy's defaults. `enforcing_*`: per cent of the detected ejections that are made.
struct OutlierDetection {
  uint32_t consecutive_5xx = 5;
  uint32_t consecutive_gateway_failure = 5;
  uint32_t consecutive_local_origin_failure = 5;
  uint32_t enforcing_consecutive_5xx = 100;
  uint32_t enforcing_consecutive_gateway_failure = 0;
  uint32_t enforcing_consecutive_local_origin_failure = 100;
  uint32_t enforcing_success_rate = 100;
  uint32_t enforcing_local_origin_success_rate = 100;
  uint32_t enforcing_failure_percentage = 0;
  uint32_t enforcing_failure_percentage_local_origin = 0;
  uint32_t success_rate_minimum_hosts = 5;
  uint32_t success_rate_request_volume = 100;
  uint32_t success_rate_stdev_factor = 1900;  // thousandths
  uint32_t failure_percentage_threshold = 85;
  uint32_t failure_percentage_minimum_hosts = 5;
  uint32_t failure_percentage_request_volume = 50;
  uint32_t max_ejection_percent = 10;
  bool always_eject_one_host = false;
  bool split_external_local_origin_errors = false;
  bool successful_active_health_check_uneject_host = true;
  std::chrono::milliseconds interval{10'000};
  std::chrono::milliseconds base_ejection_time{30'000};
  std::chrono::milliseconds max_ejection_time{300'000};
  std::chrono::milliseconds max_ejection_time_jitter{0};
};

struct HealthCheck {
  // Half open: begin <= status < end.
  struct StatusRange {
    int begin = 200;
    int end = 201;
  };
  struct Http {
    std::string host;  // empty: the endpoint's hostname, or the cluster's name
    std::string path;
    std::string method = "GET";
    bool http2 = false;
    HeaderMutations headers;  // literals: there is no stream to take values from
    std::vector<StatusRange> expected, retriable;
    std::optional<StringMatcher> service_name;
    std::vector<std::string> receive;  // one after the other somewhere in the body
    uint64_t response_buffer_bytes = 1024;
  };
  struct Tcp {
    std::string send;                  // octets; empty: connecting is enough
    std::vector<std::string> receive;  // one after the other somewhere in the answer
  };
  struct Grpc {
    std::string service_name;
    std::string authority;  // empty: the endpoint's hostname, or the cluster's name
    std::vector<std::pair<std::string, std::string>> metadata;
  };

  std::chrono::milliseconds timeout{0};
  std::chrono::milliseconds interval{0};
  std::chrono::milliseconds initial_jitter{0};
  std::chrono::milliseconds interval_jitter{0};
  uint32_t interval_jitter_percent = 0;
  uint32_t unhealthy_threshold = 1;
  uint32_t healthy_threshold = 1;
  std::optional<uint16_t> alt_port;
  bool reuse_connection = true;
  std::chrono::milliseconds no_traffic_interval{60'000};
  std::chrono::milliseconds no_traffic_healthy_interval{60'000};
  std::chrono::milliseconds unhealthy_interval{0};
  std::chrono::milliseconds unhealthy_edge_interval{0};
  std::chrono::milliseconds healthy_edge_interval{0};
  std::vector<std::string> event_log_paths;
  bool always_log_failures = false;
  bool always_log_success = false;
  std::vector<std::string> alpn;
  std::optional<MetadataStruct> transport_socket_criteria;
  // One of them.
  std::optional<Http> http;
  std::optional<Tcp> tcp;
  std::optional<Grpc> grpc;
};

// health_check_config of an endpoint: where and how it alone is asked.
struct EndpointHealthCheck {
  std::optional<uint16_t> port;
  std::string hostname;
  net::Address address;  // invalid: the endpoint's
  bool disabled = false;
};

}  // namespace outrigger::config
