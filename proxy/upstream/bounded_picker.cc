#include "proxy/upstream/bounded_picker.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <utility>

namespace outrigger::upstream {
namespace {

// 0 to `bound` - 1, each as likely as the others; the same in every library.
uint32_t below(std::mt19937& random, uint32_t bound) {
  uint64_t bucket = (uint64_t{std::mt19937::max()} + 1) / bound;
  for (;;) {
    uint64_t number = random() / bucket;
    if (number < bound) return static_cast<uint32_t>(number);
  }
}

}  // namespace

BoundedPicker::BoundedPicker(std::unique_ptr<HostPicker> by_hash, std::vector<WeightedHost> hosts,
                             uint32_t percent, const BalancerEnv& env)
    : by_hash_(std::move(by_hash)),
      hosts_(std::move(hosts)),
      order_(hosts_.size()),
      percent_(percent),
      env_(env) {
  for (const WeightedHost& host : hosts_) parts_.emplace(host.host, host.part);
  std::iota(order_.begin(), order_.end(), 0u);
  swaps_.reserve(hosts_.size());
}

double BoundedPicker::load_of(const Host& host, double part) const {
  auto active =
      static_cast<uint32_t>(env_.stats == nullptr ? 0 : env_.stats->upstream_rq_active.value());
  uint32_t slots = ((active + 1) * percent_ + 99) / 100;
  auto own = std::max(static_cast<uint32_t>(std::ceil(slots * part)), 1u);
  return static_cast<double>(host.active_requests) / own;
}

Host* BoundedPicker::pick(const Draw& draw) {
  Host* host = by_hash_->pick(draw);
  double load = load_of(*host, parts_.at(host));
  return load <= 1.0 ? host : pick_other(*host, draw.number, load);
}

// The first that has room, else the one that has least too much.
Host* BoundedPicker::pick_other(Host& own, uint64_t hash, double least) {
  auto count = static_cast<uint32_t>(hosts_.size());
  std::mt19937 random(static_cast<std::mt19937::result_type>(hash));
  Host* best = &own;
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t with = i + below(random, count - i);
    std::swap(order_[i], order_[with]);
    swaps_.push_back(with);
    const WeightedHost& other = hosts_[order_[i]];
    if (other.host == &own) continue;
    double load = load_of(*other.host, other.part);
    if (load < least) {
      best = other.host;
      least = load;
    }
    if (load <= 1.0) break;
  }
  for (; !swaps_.empty(); swaps_.pop_back())
    std::swap(order_[swaps_.size() - 1], order_[swaps_.back()]);
  return best;
}

}  // namespace outrigger::upstream
