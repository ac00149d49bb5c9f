// OutlierLog: the event log of outlier detection: a line of JSON for each ejection and each return,
// of all clusters, in Envoy's form (envoy.data.cluster.v3.OutlierDetectionEvent). Thread: main.
// Lifetime: the server's, within the log writer's.
#pragma once

#include <memory>
#include <string>

#include "proxy/observe/log_writer.h"
#include "proxy/upstream/outlier_detector.h"

namespace outrigger {

class OutlierLog final : public upstream::OutlierEvents {
 public:
  OutlierLog(observe::LogWriter& writer, const std::string& path);
  ~OutlierLog();
  OutlierLog(const OutlierLog&) = delete;
  OutlierLog& operator=(const OutlierLog&) = delete;

  void on_ejected(const config::Cluster& cluster, const upstream::HostState& host,
                  upstream::OutlierKind kind, bool enforced, const upstream::SuccessRates& rates,
                  upstream::HostState::Time now) override;
  void on_returned(const config::Cluster& cluster, const upstream::HostState& host,
                   upstream::HostState::Time now) override;

 private:
  std::shared_ptr<observe::LogFile> file_;
  std::shared_ptr<observe::LogChannel> channel_;
};

}  // namespace outrigger
