#include "proxy/upstream/reported_weights.h"

#include <algorithm>
#include <utility>

#include "proxy/upstream/load_report.h"

namespace outrigger::upstream {
namespace {

// One that a host has reported for long enough, and not too long ago.
bool is_valid(const config::ClientWeighting& config, MonotonicTime now, Host& host) {
  if (host.reported.weight == 0) return false;
  if (now - host.reported.last > config.expiration) {
    host.reported.weight = 0;  // its next report is its first
    return false;
  }
  return now - host.reported.first >= config.blackout;
}

uint32_t median(std::vector<uint32_t>& weights) {
  if (weights.empty()) return 1;
  auto middle = weights.begin() + static_cast<std::ptrdiff_t>(weights.size() / 2);
  std::nth_element(weights.begin(), middle, weights.end());
  return *middle;
}

}  // namespace

bool note_load_report(const config::ClientWeighting& config, const http::HeaderMap& headers,
                      MonotonicTime now, Host& host) {
  auto report = find_load_report(headers, config.metrics);
  if (!report) return false;
  auto weight = weight_of(*report, config.error_penalty);
  if (!weight) return true;
  if (host.reported.weight == 0) host.reported.first = now;
  host.reported.weight = *weight;
  host.reported.last = now;
  return true;
}

ReportedWeightPicker::ReportedWeightPicker(const config::Cluster& cluster, std::vector<Host*> hosts,
                                           uint64_t seed, const BalancerEnv& env)
    : options_(cluster.balancer_options),
      config_(*options_->client_weighting),
      env_(env),
      hosts_(std::move(hosts)),
      weigher_(cluster, env, hosts_),
      queue_(hosts_, seed, weigher_),
      next_update_(env.now() + config_.update) {}

Host* ReportedWeightPicker::pick(const Draw& draw) {
  if (env_.now() >= next_update_) {
    next_update_ = env_.now() + config_.update;
    if (update_weights()) queue_ = DeadlineQueue<Host*>(hosts_, draw.number, weigher_);
  }
  return queue_.next(weigher_);
}

bool ReportedWeightPicker::update_weights() {
  MonotonicTime now = env_.now();
  known_.clear();
  for (Host* host : hosts_) {
    if (is_valid(config_, now, *host)) known_.push_back(host->reported.weight);
  }
  uint32_t others = median(known_);
  bool changed = false;
  for (Host* host : hosts_) {
    uint32_t weight = is_valid(config_, now, *host) ? host->reported.weight : others;
    if (std::exchange(host->reported.used, weight) != weight) changed = true;
  }
  return changed;
}

}  // namespace outrigger::upstream
