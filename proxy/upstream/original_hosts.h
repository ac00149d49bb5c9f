// OriginalHosts: the hosts of an ORIGINAL_DST cluster of ONE worker: made for the addresses that
// connections and requests name, and given up when they were not used for a while. Thread: that
// worker. Lifetime: its WorkerCluster's. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/original_dst
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "proxy/runtime/timer_wheel.h"
#include "proxy/upstream/host.h"
#include "proxy/upstream/lb_context.h"

namespace outrigger::upstream {

class WorkerCluster;

class OriginalHosts {
 public:
  explicit OriginalHosts(WorkerCluster& cluster);
  ~OriginalHosts();

  // nullptr: nothing names an address.
  Host* pick(const LbContext& context);
  void append_to(std::vector<HostRef>& hosts) const;
  size_t size() const { return hosts_.size(); }
  // Its cluster is replaced or removed.
  void retire();

 private:
  net::Address find_address(const LbContext& context);
  void clean_up();

  WorkerCluster& cluster_;
  std::unordered_map<std::string, HostRef> hosts_;
  runtime::Timer timer_;
};

}  // namespace outrigger::upstream
