// ClusterDemand: asks a management server for a cluster that a request's route names and that is
// not there (on-demand CDS). OnDemandClusters: what a filter says about it. Thread: any; immutable.
// Lifetime: shared.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace outrigger {

class ClusterDemand {
 public:
  virtual ~ClusterDemand() = default;
  // `done` is called once, on the main thread: every thread has the cluster, or it is not coming,
  // or `timeout` has passed. Not called if the process ends before that.
  virtual void ask(std::string cluster, std::chrono::milliseconds timeout,
                   std::function<void()> done) const = 0;
};

struct OnDemandClusters {
  std::shared_ptr<const ClusterDemand> demand;  // nullptr: clusters are not asked for
  std::chrono::milliseconds timeout{0};         // of one request's wait
};

}  // namespace outrigger
