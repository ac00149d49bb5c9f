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

BoundedPicker::BoundedPicker(HashTablePtr table, std::shared_ptr<const std::vector<Host*>> hosts,
                             uint32_t percent, const BalancerEnv& env)
    : table_(std::move(table)),
      hosts_(std::move(hosts)),
      order_(table_->members().size()),
      percent_(percent),
      env_(env) {
  std::iota(order_.begin(), order_.end(), 0u);
  swaps_.reserve(order_.size());
}

double BoundedPicker::load_of(uint32_t member) const {
  auto active =
      static_cast<uint32_t>(env_.stats == nullptr ? 0 : env_.stats->upstream_rq_active.value());
  uint32_t slots = ((active + 1) * percent_ + 99) / 100;
  double part = table_->members()[member].part;
  auto own = std::max(static_cast<uint32_t>(std::ceil(slots * part)), 1u);
  return static_cast<double>(host_of(member)->active_requests) / own;
}

Host* BoundedPicker::pick(const Draw& draw) {
  uint32_t member = table_->find(draw.number, draw.attempt);
  double load = load_of(member);
  return load <= 1.0 ? host_of(member) : pick_other(member, draw.number, load);
}

// The first that has room, else the one that has least too much.
Host* BoundedPicker::pick_other(uint32_t own, uint64_t hash, double least) {
  auto count = static_cast<uint32_t>(order_.size());
  std::mt19937 random(static_cast<std::mt19937::result_type>(hash));
  uint32_t best = own;
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t with = i + below(random, count - i);
    std::swap(order_[i], order_[with]);
    swaps_.push_back(with);
    uint32_t other = order_[i];
    if (other == own) continue;
    double load = load_of(other);
    if (load < least) {
      best = other;
      least = load;
    }
    if (load <= 1.0) break;
  }
  for (; !swaps_.empty(); swaps_.pop_back())
    std::swap(order_[swaps_.size() - 1], order_[swaps_.back()]);
  return host_of(best);
}

}  // namespace outrigger::upstream
