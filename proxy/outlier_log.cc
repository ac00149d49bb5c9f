#include "proxy/outlier_log.h"

#include <chrono>
#include <optional>

#include "envoy/data/cluster/v3/outlier_detection_event.pb.h"

#include "proxy/admin/json.h"
#include "proxy/event_line.h"

namespace outrigger {
namespace {

using envoy::data::cluster::v3::OutlierDetectionEvent;
using upstream::HostState;
using upstream::OutlierKind;

envoy::data::cluster::v3::OutlierEjectionType type_of(OutlierKind kind) {
  namespace data = envoy::data::cluster::v3;
  switch (kind) {
    case OutlierKind::consecutive_5xx:
      return data::CONSECUTIVE_5XX;
    case OutlierKind::consecutive_gateway_failure:
      return data::CONSECUTIVE_GATEWAY_FAILURE;
    case OutlierKind::consecutive_local_origin_failure:
      return data::CONSECUTIVE_LOCAL_ORIGIN_FAILURE;
    case OutlierKind::success_rate:
      return data::SUCCESS_RATE;
    case OutlierKind::success_rate_local_origin:
      return data::SUCCESS_RATE_LOCAL_ORIGIN;
    case OutlierKind::failure_percentage:
      return data::FAILURE_PERCENTAGE;
    case OutlierKind::failure_percentage_local_origin:
      return data::FAILURE_PERCENTAGE_LOCAL_ORIGIN;
  }
  return data::CONSECUTIVE_5XX;
}

OutlierDetectionEvent common_event(const config::Cluster& cluster, const HostState& host,
                                   const std::optional<HostState::Time>& last,
                                   HostState::Time now) {
  OutlierDetectionEvent event;
  if (last) {
    auto since = std::chrono::duration_cast<std::chrono::seconds>(now - *last);
    event.mutable_secs_since_last_action()->set_value(static_cast<uint64_t>(since.count()));
  }
  event.set_cluster_name(cluster.ref.name);
  event.set_upstream_url(host.endpoint->address.text());
  event.set_num_ejections(host.ejections);
  *event.mutable_timestamp() = admin::to_timestamp(std::chrono::system_clock::now());
  return event;
}

}  // namespace

OutlierLog::OutlierLog(observe::LogWriter& writer, const std::string& path)
    : file_(writer.file(path)), channel_(file_->channel(writer.stats(StatsScope::kMainThread))) {}

OutlierLog::~OutlierLog() {
  channel_->close();
}

void OutlierLog::on_ejected(const config::Cluster& cluster, const HostState& host, OutlierKind kind,
                            bool enforced, const upstream::SuccessRates& rates,
                            HostState::Time now) {
  OutlierDetectionEvent event = common_event(cluster, host, host.returned_at, now);
  event.set_type(type_of(kind));
  event.set_action(envoy::data::cluster::v3::EJECT);
  event.set_enforced(enforced);
  auto rate = [&](bool local) {
    double value = (local ? host.local_origin_success_rate : host.success_rate).load();
    return static_cast<uint32_t>(value);
  };
  switch (kind) {
    case OutlierKind::success_rate:
    case OutlierKind::success_rate_local_origin: {
      auto& part = *event.mutable_eject_success_rate_event();
      part.set_cluster_average_success_rate(static_cast<uint32_t>(rates.average));
      part.set_cluster_success_rate_ejection_threshold(static_cast<uint32_t>(rates.threshold));
      part.set_host_success_rate(rate(kind == OutlierKind::success_rate_local_origin));
      break;
    }
    case OutlierKind::failure_percentage:
    case OutlierKind::failure_percentage_local_origin:
      event.mutable_eject_failure_percentage_event()->set_host_success_rate(
          rate(kind == OutlierKind::failure_percentage_local_origin));
      break;
    default:
      event.mutable_eject_consecutive_event();
  }
  write_event(event, *channel_);
}

void OutlierLog::on_returned(const config::Cluster& cluster, const HostState& host,
                             HostState::Time now) {
  OutlierDetectionEvent event = common_event(cluster, host, host.ejected_at, now);
  event.set_action(envoy::data::cluster::v3::UNEJECT);
  write_event(event, *channel_);
}

}  // namespace outrigger
