#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "xds/compile_cluster_parts.h"
#include "xds/compile_values.h"

namespace outrigger::xds {
namespace {

using envoy::config::cluster::v3::OutlierDetection;

void take(bool has, const google::protobuf::UInt32Value& from, uint32_t& to) {
  if (has) to = from.value();
}

void take(bool has, const google::protobuf::Duration& from, std::chrono::milliseconds& to) {
  if (has) to = to_milliseconds(from);
}

void compile_counts(const OutlierDetection& from, config::OutlierDetection& out) {
  take(from.has_consecutive_5xx(), from.consecutive_5xx(), out.consecutive_5xx);
  take(from.has_consecutive_gateway_failure(), from.consecutive_gateway_failure(),
       out.consecutive_gateway_failure);
  take(from.has_consecutive_local_origin_failure(), from.consecutive_local_origin_failure(),
       out.consecutive_local_origin_failure);
  out.split_external_local_origin_errors = from.split_external_local_origin_errors();
  take(from.has_max_ejection_percent(), from.max_ejection_percent(), out.max_ejection_percent);
  if (from.has_always_eject_one_host())
    out.always_eject_one_host = from.always_eject_one_host().value();
  if (from.has_successful_active_health_check_uneject_host()) {
    out.successful_active_health_check_uneject_host =
        from.successful_active_health_check_uneject_host().value();
  }
}

void compile_enforcing(const OutlierDetection& from, config::OutlierDetection& out) {
  take(from.has_enforcing_consecutive_5xx(), from.enforcing_consecutive_5xx(),
       out.enforcing_consecutive_5xx);
  take(from.has_enforcing_consecutive_gateway_failure(),
       from.enforcing_consecutive_gateway_failure(), out.enforcing_consecutive_gateway_failure);
  take(from.has_enforcing_consecutive_local_origin_failure(),
       from.enforcing_consecutive_local_origin_failure(),
       out.enforcing_consecutive_local_origin_failure);
  take(from.has_enforcing_success_rate(), from.enforcing_success_rate(),
       out.enforcing_success_rate);
  take(from.has_enforcing_local_origin_success_rate(), from.enforcing_local_origin_success_rate(),
       out.enforcing_local_origin_success_rate);
  take(from.has_enforcing_failure_percentage(), from.enforcing_failure_percentage(),
       out.enforcing_failure_percentage);
  take(from.has_enforcing_failure_percentage_local_origin(),
       from.enforcing_failure_percentage_local_origin(),
       out.enforcing_failure_percentage_local_origin);
}

void compile_rates(const OutlierDetection& from, config::OutlierDetection& out) {
  take(from.has_success_rate_minimum_hosts(), from.success_rate_minimum_hosts(),
       out.success_rate_minimum_hosts);
  take(from.has_success_rate_request_volume(), from.success_rate_request_volume(),
       out.success_rate_request_volume);
  take(from.has_success_rate_stdev_factor(), from.success_rate_stdev_factor(),
       out.success_rate_stdev_factor);
  take(from.has_failure_percentage_threshold(), from.failure_percentage_threshold(),
       out.failure_percentage_threshold);
  take(from.has_failure_percentage_minimum_hosts(), from.failure_percentage_minimum_hosts(),
       out.failure_percentage_minimum_hosts);
  take(from.has_failure_percentage_request_volume(), from.failure_percentage_request_volume(),
       out.failure_percentage_request_volume);
}

void compile_times(const OutlierDetection& from, config::OutlierDetection& out,
                   FieldErrors& errors) {
  take(from.has_interval(), from.interval(), out.interval);
  take(from.has_base_ejection_time(), from.base_ejection_time(), out.base_ejection_time);
  out.max_ejection_time = std::max(out.max_ejection_time, out.base_ejection_time);
  take(from.has_max_ejection_time(), from.max_ejection_time(), out.max_ejection_time);
  take(from.has_max_ejection_time_jitter(), from.max_ejection_time_jitter(),
       out.max_ejection_time_jitter);
  if (out.max_ejection_time < out.base_ejection_time)
    errors.add("outlier_detection.max_ejection_time", "must not be below base_ejection_time");
}

}  // namespace

void compile_outlier_detection(const envoy::config::cluster::v3::Cluster& cluster,
                               config::Cluster& out, FieldErrors& errors) {
  if (!cluster.has_outlier_detection()) return;
  auto detection = std::make_shared<config::OutlierDetection>();
  compile_counts(cluster.outlier_detection(), *detection);
  compile_enforcing(cluster.outlier_detection(), *detection);
  compile_rates(cluster.outlier_detection(), *detection);
  compile_times(cluster.outlier_detection(), *detection, errors);
  out.outlier_detection = std::move(detection);
}

}  // namespace outrigger::xds
