#include "xds/dynamic/load_reporter.h"

#include <algorithm>
#include <utility>

#include "xds/compile_grpc_service.h"
#include "xds/compile_values.h"
#include "xds/field_errors.h"
#include "xds/protocol/config_source_check.h"

namespace outrigger::xds {
namespace {

constexpr std::string_view kMethod =
    "/envoy.service.load_stats.v3.LoadReportingService/StreamLoadStats";

// A server that asks for reports without a pause would have all of the main thread.
constexpr std::chrono::milliseconds kShortestPeriod{10};

}  // namespace

absl::StatusOr<std::unique_ptr<LoadReporter>> LoadReporter::make(
    const envoy::config::core::v3::ApiConfigSource& source, CompileEnvironment& environment,
    LoadReporterParts parts) {
  if (absl::Status status = check_api_config_source(source); !status.ok()) return status;
  FieldErrors errors;
  config::GrpcService service = errors.take_nested(
      "grpc_services[0]", compile_grpc_service(source.grpc_services(0), environment));
  if (!errors.empty()) return errors.status();
  return std::unique_ptr<LoadReporter>(new LoadReporter(std::move(service), std::move(parts)));
}

LoadReporter::LoadReporter(config::GrpcService service, LoadReporterParts parts)
    : parts_(std::move(parts)),
      context_(parts_.clock, parts_.ledger, parts_.log),
      stats_scope_(parts_.stats.scope<LoadReporterStats>("load_reporter.")),
      stats_(stats_scope_->local<LoadReporterStats>(StatsScope::kMainThread)),
      stream_({std::move(service), std::string(kMethod)}, parts_.clients, context_, *this) {}

LoadReporter::~LoadReporter() = default;

void LoadReporter::start(const envoy::config::core::v3::Node& node) {
  node_ = node;
  node_.add_client_features("envoy.lrs.supports_send_all_clusters");
  stream_.open();
}

void LoadReporter::on_stream_open() {
  if (std::exchange(opened_before_, true)) stats_.retries.inc();
  Request request;
  *request.mutable_node() = node_;
  stream_.send(request.SerializeAsString());
  stats_.responses.inc();
}

void LoadReporter::on_stream_message(std::string message) {
  Response response;
  if (!response.ParseFromString(message)) {
    stream_.give_up("the answer is no LoadStatsResponse");
    return;
  }
  stats_.requests.inc();
  wanted_ = std::move(response);
  begin_period();
}

// What was counted stays for the next stream: the server gets it late, not never.
void LoadReporter::on_stream_closed() {
  if (stream_.ended_with() != grpc::Code::ok) stats_.errors.inc();
  period_.reset();
}

bool LoadReporter::is_wanted(const std::string& cluster) const {
  if (wanted_.send_all_clusters()) return true;
  const auto& names = wanted_.clusters();
  return std::find(names.begin(), names.end(), cluster) != names.end();
}

// Of clusters that are new to the reports, counting begins now; of the others it goes on.
void LoadReporter::begin_period() {
  std::erase_if(counts_, [this](const auto& each) { return !is_wanted(each.first); });
  Clock::Time now = parts_.clock.now();
  for (const ReportedCluster& cluster : parts_.clusters()) {
    if (is_wanted(cluster.config->ref.name))
      counts_.try_emplace(cluster.config->ref.name, cluster, now);
  }
  auto period = std::max(to_milliseconds(wanted_.load_reporting_interval()), kShortestPeriod);
  period_ = parts_.clock.after(period, [this] { report(); });
}

void LoadReporter::report() {
  Request request;
  *request.mutable_node() = node_;
  Clock::Time now = parts_.clock.now();
  for (const ReportedCluster& cluster : parts_.clusters()) {
    const std::string& name = cluster.config->ref.name;
    auto counts = counts_.find(name);
    if (counts == counts_.end()) continue;
    auto& stats = *request.add_cluster_stats();
    counts->second.report(cluster, now, wanted_.report_endpoint_granularity(), stats);
    stats.set_cluster_service_name(parts_.service_name(name));
  }
  stream_.send(request.SerializeAsString());
  stats_.responses.inc();
  begin_period();
}

}  // namespace outrigger::xds
