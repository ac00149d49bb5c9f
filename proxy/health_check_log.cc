#include "proxy/health_check_log.h"

#include <chrono>

#include "envoy/data/core/v3/health_check_event.pb.h"

#include "proxy/admin/json.h"
#include "proxy/event_line.h"
#include "proxy/health/check_connector.h"

namespace outrigger {
namespace {

namespace data = envoy::data::core::v3;
using health::CheckNote;
using health::FailureKind;

data::HealthCheckerType type_of(const config::HealthCheck& check) {
  if (check.grpc) return data::GRPC;
  return check.tcp ? data::TCP : data::HTTP;
}

data::HealthCheckFailureType type_of(FailureKind kind) {
  switch (kind) {
    case FailureKind::active:
      return data::ACTIVE;
    case FailureKind::passive:
      return data::PASSIVE;
    case FailureKind::network:
      return data::NETWORK;
    case FailureKind::network_timeout:
      return data::NETWORK_TIMEOUT;
  }
  return data::ACTIVE;
}

void put_what(const CheckNote& note, data::HealthCheckEvent& event) {
  switch (note.event) {
    case CheckNote::Event::eject_unhealthy:
      event.mutable_eject_unhealthy_event()->set_failure_type(type_of(note.failure));
      break;
    case CheckNote::Event::add_healthy:
      event.mutable_add_healthy_event()->set_first_check(note.first);
      break;
    case CheckNote::Event::success:
      event.mutable_successful_health_check_event();
      break;
    case CheckNote::Event::failure:
      event.mutable_health_check_failure_event()->set_failure_type(type_of(note.failure));
      event.mutable_health_check_failure_event()->set_first_check(note.first);
      break;
    case CheckNote::Event::degraded:
      event.mutable_degraded_healthy_host();
      break;
    case CheckNote::Event::no_longer_degraded:
      event.mutable_no_longer_degraded_host();
      break;
  }
}

}  // namespace

HealthCheckLog::~HealthCheckLog() {
  for (auto& [path, file] : files_) file.channel->close();
}

observe::LogChannel& HealthCheckLog::channel(const std::string& path) {
  File& file = files_[path];
  if (file.channel == nullptr) {
    file.file = writer_.file(path);
    file.channel = file.file->channel(writer_.stats(StatsScope::kMainThread));
  }
  return *file.channel;
}

void HealthCheckLog::on_event(const config::Cluster& cluster, const config::HealthCheck& check,
                              const upstream::HostState& host, const CheckNote& note) {
  if (check.event_log_paths.empty()) return;
  data::HealthCheckEvent event;
  event.set_health_checker_type(type_of(check));
  *event.mutable_host() = admin::to_proto(host.endpoint->address);
  event.set_cluster_name(cluster.ref.name);
  put_what(note, event);
  *event.mutable_timestamp() = admin::to_timestamp(std::chrono::system_clock::now());
  event.mutable_locality()->set_region(host.locality.region);
  event.mutable_locality()->set_zone(host.locality.zone);
  event.mutable_locality()->set_sub_zone(host.locality.sub_zone);
  for (const std::string& path : check.event_log_paths) write_event(event, channel(path));
}

}  // namespace outrigger
