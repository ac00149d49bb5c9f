// The balancing policies: ROUND_ROBIN, LEAST_REQUEST, RANDOM, with and without weights.
#include <algorithm>
#include <cmath>
#include <limits>
#include <queue>

#include "proxy/upstream/hash_picker.h"
#include "proxy/upstream/load_balancer.h"

namespace outrigger::upstream {
namespace {

bool same_weights(const std::vector<Host*>& hosts) {
  return std::all_of(hosts.begin(), hosts.end(),
                     [&](const Host* host) { return host->weight() == hosts.front()->weight(); });
}

class RoundRobinPicker final : public HostPicker {
 public:
  RoundRobinPicker(std::vector<Host*> hosts, uint64_t seed)
      : hosts_(std::move(hosts)), next_(seed % hosts_.size()) {}
  Host* pick(uint64_t) override {
    Host* host = hosts_[next_];
    next_ = next_ + 1 == hosts_.size() ? 0 : next_ + 1;
    return host;
  }

 private:
  std::vector<Host*> hosts_;
  size_t next_;
};

class RandomPicker final : public HostPicker {
 public:
  explicit RandomPicker(std::vector<Host*> hosts) : hosts_(std::move(hosts)) {}
  Host* pick(uint64_t random) override { return hosts_[random % hosts_.size()]; }

 private:
  std::vector<Host*> hosts_;
};

class WeightedRandomPicker final : public HostPicker {
 public:
  explicit WeightedRandomPicker(std::vector<Host*> hosts) : hosts_(std::move(hosts)) {
    uint64_t sum = 0;
    for (const Host* host : hosts_) ends_.push_back(sum += host->weight());
  }
  Host* pick(uint64_t random) override {
    auto at = std::upper_bound(ends_.begin(), ends_.end(), random % ends_.back());
    return hosts_[static_cast<size_t>(at - ends_.begin())];
  }

 private:
  std::vector<Host*> hosts_;
  std::vector<uint64_t> ends_;
};

// Of `choices` random hosts the one with the fewest requests of this worker.
class LeastRequestPicker final : public HostPicker {
 public:
  LeastRequestPicker(std::vector<Host*> hosts, uint32_t choices)
      : hosts_(std::move(hosts)), choices_(choices) {}
  Host* pick(uint64_t random) override {
    Host* best = nullptr;
    for (uint32_t i = 0; i < choices_; ++i) {
      Host* host = hosts_[random % hosts_.size()];
      random = random * 6364136223846793005ULL + 1442695040888963407ULL;
      random ^= random >> 29;
      if (best == nullptr || host->active_requests < best->active_requests) best = host;
    }
    return best;
  }

 private:
  std::vector<Host*> hosts_;
  uint32_t choices_;
};

// Earliest deadline first: a host of weight w is due every 1/w. LEAST_REQUEST divides the weight by
// the host's load at the time of the pick.
class DeadlinePicker final : public HostPicker {
 public:
  DeadlinePicker(const std::vector<Host*>& hosts, uint64_t seed, bool by_load) : by_load_(by_load) {
    for (Host* host : hosts) push(host, 0.0);
    // Start somewhere in the cycle, so that many workers do not all begin with the same host.
    for (uint64_t skip = seed % hosts.size(); skip > 0; --skip) pick(0);
  }
  Host* pick(uint64_t) override {
    Entry entry = queue_.top();
    queue_.pop();
    now_ = entry.deadline;
    push(entry.host, now_);
    return entry.host;
  }

 private:
  struct Entry {
    double deadline;
    uint64_t order;  // equal deadlines: first in, first out
    Host* host;
    bool operator<(const Entry& other) const {
      return deadline != other.deadline ? deadline > other.deadline : order > other.order;
    }
  };
  void push(Host* host, double now) {
    double weight = host->weight();
    if (by_load_) weight /= host->active_requests + 1;
    queue_.push({now + 1.0 / weight, order_++, host});
  }

  bool by_load_;
  double now_ = 0;
  uint64_t order_ = 0;
  std::priority_queue<Entry> queue_;
};

// Localities in turn, each as often as its weight says; among its hosts the cluster's own policy.
class LocalityPicker final : public HostPicker {
 public:
  void add(double weight, std::unique_ptr<HostPicker> picker) {
    queue_.push({1.0 / weight, pickers_.size()});
    pickers_.push_back({weight, std::move(picker)});
  }
  bool empty() const { return pickers_.empty(); }
  Host* pick(uint64_t random) override {
    Turn turn = queue_.top();
    queue_.pop();
    Locality& locality = pickers_[turn.locality];
    queue_.push({turn.deadline + 1.0 / locality.weight, turn.locality});
    return locality.picker->pick(random);
  }

 private:
  struct Locality {
    double weight;
    std::unique_ptr<HostPicker> picker;
  };
  struct Turn {
    double deadline;
    size_t locality;
    bool operator<(const Turn& other) const {
      return deadline != other.deadline ? deadline > other.deadline : locality > other.locality;
    }
  };
  std::vector<Locality> pickers_;
  std::priority_queue<Turn> queue_;
};

}  // namespace

std::unique_ptr<HostPicker> make_locality_picker(const config::Cluster& cluster,
                                                 std::vector<LocalityShare> localities,
                                                 uint64_t seed) {
  // With a hash there are no turns: the localities' shares are those of their hosts' places.
  if (cluster.hashes()) return make_hash_picker(cluster, weigh(localities));
  auto picker = std::make_unique<LocalityPicker>();
  for (LocalityShare& locality : localities) {
    if (locality.weight <= 0 || locality.hosts.empty()) continue;
    picker->add(locality.weight, make_picker(cluster, std::move(locality.hosts), seed));
  }
  if (picker->empty()) return nullptr;
  return picker;
}

std::unique_ptr<HostPicker> make_picker(const config::Cluster& cluster, std::vector<Host*> hosts,
                                        uint64_t seed) {
  using Balancer = config::Cluster::Balancer;
  bool even = same_weights(hosts);
  switch (cluster.balancer) {
    case Balancer::random:
      if (even) return std::make_unique<RandomPicker>(std::move(hosts));
      return std::make_unique<WeightedRandomPicker>(std::move(hosts));
    case Balancer::least_request:
      if (even)
        return std::make_unique<LeastRequestPicker>(std::move(hosts),
                                                    cluster.least_request_choices);
      return std::make_unique<DeadlinePicker>(hosts, seed, true);
    case Balancer::ring_hash:
    case Balancer::maglev:
      return make_hash_picker(cluster, weigh({{1.0, std::move(hosts)}}));
    case Balancer::round_robin:
      break;
  }
  if (even) return std::make_unique<RoundRobinPicker>(std::move(hosts), seed);
  return std::make_unique<DeadlinePicker>(hosts, seed, false);
}

}  // namespace outrigger::upstream
