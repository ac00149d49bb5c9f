// Weights from load reports: client_side_weighted_round_robin. note_load_report() keeps what a
// response said; ReportedWeightPicker makes weights of it every weight_update_period, when a
// request asks. A worker knows the reports of its own requests. Thread: one worker. Semantics:
// envoy.extensions.load_balancing_policies.client_side_weighted_round_robin.v3
#pragma once

#include <vector>

#include "api/http/header_map.h"
#include "proxy/upstream/deadline_queue.h"
#include "proxy/upstream/host_weigher.h"
#include "proxy/upstream/load_balancer.h"

namespace outrigger::upstream {

// Of a response's headers or trailers. True: they held a report.
bool note_load_report(const config::ClientWeighting& config, const http::HeaderMap& headers,
                      MonotonicTime now, Host& host);

class ReportedWeightPicker final : public HostPicker {
 public:
  // The cluster has client_weighting.
  ReportedWeightPicker(const config::Cluster& cluster, std::vector<Host*> hosts, uint64_t seed,
                       const BalancerEnv& env);
  Host* pick(const Draw& draw) override;

 private:
  // True: some host has another weight now.
  bool update_weights();

  std::shared_ptr<const config::BalancerOptions> options_;
  const config::ClientWeighting& config_;
  BalancerEnv env_;
  std::vector<Host*> hosts_;
  HostWeigher weigher_;
  DeadlineQueue<Host*> queue_;
  MonotonicTime next_update_;
  std::vector<uint32_t> known_;  // weights of those that have one; kept for its memory
};

}  // namespace outrigger::upstream
