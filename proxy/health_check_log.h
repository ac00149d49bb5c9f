// HealthCheckLog: the event logs of active health checks: a line of JSON for each event, in Envoy's
// form (envoy.data.core.v3.HealthCheckEvent), in the files that a check names. Thread: main.
// Lifetime: the server's, within the log writer's.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "proxy/health/check_session.h"
#include "proxy/observe/log_writer.h"

namespace outrigger {

class HealthCheckLog final : public health::CheckEvents {
 public:
  explicit HealthCheckLog(observe::LogWriter& writer) : writer_(writer) {}
  ~HealthCheckLog();
  HealthCheckLog(const HealthCheckLog&) = delete;
  HealthCheckLog& operator=(const HealthCheckLog&) = delete;

  void on_event(const config::Cluster& cluster, const config::HealthCheck& check,
                const upstream::HostState& host, const health::CheckNote& note) override;

 private:
  observe::LogChannel& channel(const std::string& path);

  observe::LogWriter& writer_;
  struct File {
    std::shared_ptr<observe::LogFile> file;
    std::shared_ptr<observe::LogChannel> channel;
  };
  std::map<std::string, File> files_;  // by path
};

}  // namespace outrigger
