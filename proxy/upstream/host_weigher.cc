#include "proxy/upstream/host_weigher.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace outrigger::upstream {
namespace {

using Milliseconds = std::chrono::milliseconds;

// A runtime may say anything.
double sane(double value, bool may_be_zero) {
  return std::isnan(value) || value < 0 || (value == 0 && !may_be_zero) ? 1.0 : value;
}

}  // namespace

HostWeigher::HostWeigher(const config::Cluster& cluster, const BalancerEnv& env,
                         const std::vector<Host*>& hosts)
    : options_(cluster.balancer_options),
      env_(env),
      by_load_(cluster.balancer == config::Cluster::Balancer::least_request) {
  if (options_ == nullptr) return;
  if (options_->active_request_bias)
    bias_ = sane(env_.number(*options_->active_request_bias), true);
  if (!options_->slow_start) return;
  slow_start_ = &*options_->slow_start;
  for (const Host* host : hosts) newest_ = std::max(newest_, host->serves_since);
}

bool HostWeigher::in_slow_start() const {
  return slow_start_ != nullptr && env_.now() - newest_ <= slow_start_->window;
}

double HostWeigher::operator()(const Host* host) const {
  double weight = host->reported.used > 0 ? host->reported.used : host->weight();
  if (by_load_) {
    double load = host->active_requests + 1.0;
    weight /= bias_ == 1.0 ? load : std::pow(load, bias_);
  }
  return in_slow_start() ? weight * slow_start_factor(*host) : weight;
}

double HostWeigher::slow_start_factor(const Host& host) const {
  auto age = std::chrono::duration_cast<Milliseconds>(env_.now() - host.serves_since);
  if (host.health != config::Endpoint::Health::healthy || age >= slow_start_->window) return 1;
  double part = static_cast<double>(std::max<Milliseconds::rep>(1, age.count())) /
                static_cast<double>(slow_start_->window.count());
  double aggression = sane(env_.number(slow_start_->aggression), false);
  if (aggression != 1.0) part = std::pow(part, 1.0 / aggression);
  return std::max(part, slow_start_->min_weight_percent / 100);
}

}  // namespace outrigger::upstream
