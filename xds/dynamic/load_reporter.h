// LoadReporter: tells a management server how many requests went to each cluster and locality
// (LRS), as often and of which clusters it asks. Thread: main. Lifetime: the control plane's,
// within that of everything in its Parts. Semantics:
// envoy.service.load_stats.v3.LoadReportingService; bootstrap field
// cluster_manager.load_stats_config.
//
//   start() --> stream open, our node sent --answer--> period --its end: report--> period
//   --closed--> waiting --> stream open
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "envoy/config/core/v3/base.pb.h"
#include "envoy/config/core/v3/config_source.pb.h"
#include "envoy/service/load_stats/v3/lrs.pb.h"

#include "api/grpc/client.h"
#include "api/stats_load.h"
#include "xds/compile_environment.h"
#include "xds/dynamic/load_counts.h"
#include "xds/protocol/discovery_stream.h"

namespace outrigger::xds {

struct LoadReporterParts {
  grpc::ClientFactory& clients;
  StatsRegistry& stats;
  Clock& clock;
  Ledger& ledger;
  std::function<void(bool warning, const std::string& text)> log;
  // Those in force.
  std::function<std::vector<ReportedCluster>()> clusters;
  // Under which name an EDS cluster asks for its endpoints; empty: its own.
  std::function<std::string(std::string_view cluster)> service_name;
};

class LoadReporter final : private DiscoveryStreamOwner {
 public:
  // Errors open with the field's path inside the source.
  static absl::StatusOr<std::unique_ptr<LoadReporter>> make(
      const envoy::config::core::v3::ApiConfigSource& source, CompileEnvironment& environment,
      LoadReporterParts parts);
  ~LoadReporter();

  // Once.
  void start(const envoy::config::core::v3::Node& node);

 private:
  using Request = envoy::service::load_stats::v3::LoadStatsRequest;
  using Response = envoy::service::load_stats::v3::LoadStatsResponse;

  LoadReporter(config::GrpcService service, LoadReporterParts parts);
  // DiscoveryStreamOwner
  void on_stream_open() override;
  void on_stream_message(std::string message) override;
  void on_stream_closed() override;

  void begin_period();
  void report();
  bool is_wanted(const std::string& cluster) const;

  LoadReporterParts parts_;
  ProtocolContext context_;
  StatsScopePtr stats_scope_;
  LoadReporterStats& stats_;
  DiscoveryStream stream_;
  envoy::config::core::v3::Node node_;
  Response wanted_;  // as the server said last
  bool opened_before_ = false;
  std::map<std::string, LoadCounts, std::less<>> counts_;  // by cluster
  std::unique_ptr<Clock::Alarm> period_;
};

}  // namespace outrigger::xds
