// OutlierDetector: decides which endpoints of ONE cluster are ejected for what requests met on
// them, and for how long. Consecutive errors are decided as soon as a worker reports them; success
// rates and failure percentages once in each interval, which is also when ejected endpoints come
// back. Knows no clock or timer: the caller says what time it is. Thread: main. Lifetime: as long
// as the cluster's version is in force.
//
//   in use --errors, max_ejection_percent allows--> ejected --time is over, active check--> in use
//
// Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "api/config/cluster.h"
#include "api/config/runtime_snapshot.h"
#include "api/stats_cluster.h"
#include "proxy/upstream/host_state.h"

namespace outrigger::upstream {

// What a success rate is measured by; below 0: not measured.
struct SuccessRates {
  double average = -1;
  double threshold = -1;
};

// Told of each decision: the event log.
class OutlierEvents {
 public:
  virtual void on_ejected(const config::Cluster& cluster, const HostState& host, OutlierKind kind,
                          bool enforced, const SuccessRates& rates, HostState::Time now) = 0;
  virtual void on_returned(const config::Cluster& cluster, const HostState& host,
                           HostState::Time now) = 0;

 protected:
  ~OutlierEvents() = default;
};

class OutlierDetector {
 public:
  using Time = HostState::Time;
  struct Parts {
    config::ClusterPtr cluster;  // has outlier_detection
    std::shared_ptr<HostWatch> watch;
    OutlierEvents* events = nullptr;  // nullptr: nobody wants to know
    std::function<uint64_t()> random;
  };
  explicit OutlierDetector(Parts parts);
  ~OutlierDetector();
  OutlierDetector(const OutlierDetector&) = delete;
  OutlierDetector& operator=(const OutlierDetector&) = delete;

  // Values that take the place of the configuration's: outlier_detection.*.
  void set_runtime(config::RuntimeSnapshotPtr runtime);
  // The cluster's endpoints from now on; those that stay keep what is known of them.
  void set_hosts(HostStates hosts);

  // From a worker's report. True: an endpoint's health changed; so do the next two.
  bool on_consecutive(HostState& host, OutlierKind kind, Time now);
  // At the end of each interval().
  bool on_interval(Time now);
  // It answered a health check well, and none says that it is unhealthy.
  bool on_check_passed(HostState& host, Time now);
  std::chrono::milliseconds interval() const;

 private:
  struct Rated {
    HostState* host;
    double rate;
  };
  uint64_t value(std::string_view name, uint64_t configured) const;
  std::chrono::milliseconds time(std::string_view name, std::chrono::milliseconds configured) const;
  bool enforce(OutlierKind kind);
  bool may_eject() const;
  bool eject(HostState& host, OutlierKind kind, Time now);
  void give_back(HostState& host, Time now);
  bool over(const HostState& host, Time now) const;
  bool rate(bool local, Time now);
  bool eject_by_rate(const std::vector<Rated>& hosts, bool local, Time now);
  bool eject_by_percentage(const std::vector<Rated>& hosts, bool local, Time now);
  void shorten_backoff(Time now);

  Parts parts_;
  const config::OutlierDetection& config_;
  OutlierStats& stats_;
  config::RuntimeSnapshotPtr runtime_;
  HostStates hosts_;
  SuccessRates rates_, local_rates_;
  int64_t ejected_ = 0;
};

}  // namespace outrigger::upstream
