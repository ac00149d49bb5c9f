// The balancing policies: ROUND_ROBIN, LEAST_REQUEST, RANDOM, with and without weights.
#include <algorithm>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "proxy/upstream/deadline_queue.h"
#include "proxy/upstream/host_weigher.h"
#include "proxy/upstream/load_balancer.h"
#include "proxy/upstream/reported_weights.h"

namespace outrigger::upstream {
namespace {

bool same_weights(const std::vector<Host*>& hosts) {
  return std::all_of(hosts.begin(), hosts.end(),
                     [&](const Host* host) { return host->weight() == hosts.front()->weight(); });
}

// More random numbers where a pick needs several.
uint64_t next_random(uint64_t random) {
  random = random * 6364136223846793005ULL + 1442695040888963407ULL;
  return random ^ (random >> 29);
}

// How busy the host is; one that refused just now has little to do, and is not to be had for that.
uint64_t load_of(const Host& host, const Draw& draw) {
  constexpr uint64_t kAvoided = uint64_t{1} << 32;
  return host.active_requests + (draw.avoids(&host) ? kAvoided : 0);
}

class RoundRobinPicker final : public HostPicker {
 public:
  RoundRobinPicker(std::vector<Host*> hosts, uint64_t seed)
      : hosts_(std::move(hosts)), next_(seed % hosts_.size()) {}
  Host* pick(const Draw&) override {
    Host* host = hosts_[next_];
    next_ = next_ + 1 == hosts_.size() ? 0 : next_ + 1;
    return host;
  }

 private:
  std::vector<Host*> hosts_;
  size_t next_;
};

// Whatever the hosts weigh, as Envoy's.
class RandomPicker final : public HostPicker {
 public:
  explicit RandomPicker(std::vector<Host*> hosts) : hosts_(std::move(hosts)) {}
  Host* pick(const Draw& draw) override { return hosts_[draw.number % hosts_.size()]; }

 private:
  std::vector<Host*> hosts_;
};

// Of `choices` random hosts the one with the fewest requests of this worker.
class LeastRequestPicker final : public HostPicker {
 public:
  LeastRequestPicker(std::vector<Host*> hosts, uint32_t choices)
      : hosts_(std::move(hosts)), choices_(choices) {}
  Host* pick(const Draw& draw) override {
    uint64_t random = draw.number;
    Host* best = nullptr;
    for (uint32_t i = 0; i < choices_; ++i) {
      Host* host = hosts_[random % hosts_.size()];
      random = next_random(random);
      if (best == nullptr || load_of(*host, draw) < load_of(*best, draw)) best = host;
    }
    return best;
  }

 private:
  std::vector<Host*> hosts_;
  uint32_t choices_;
};

// The host with the fewest requests of all; of several that have equally few, each as often.
class FullScanPicker final : public HostPicker {
 public:
  explicit FullScanPicker(std::vector<Host*> hosts) : hosts_(std::move(hosts)) {}
  Host* pick(const Draw& draw) override {
    uint64_t random = draw.number;
    Host* best = nullptr;
    uint64_t least = 0, ties = 0;
    for (Host* host : hosts_) {
      uint64_t load = load_of(*host, draw);
      if (best == nullptr || load < least) {
        best = host;
        least = load;
        ties = 1;
      } else if (load == least) {
        random = next_random(random);
        if ((random >> 16) % ++ties == 0) best = host;
      }
    }
    return best;
  }

 private:
  std::vector<Host*> hosts_;
};

// Each as often as it weighs, which may change from pick to pick.
class DeadlinePicker final : public HostPicker {
 public:
  DeadlinePicker(const std::vector<Host*>& hosts, uint64_t seed, HostWeigher weigher)
      : weigher_(std::move(weigher)), queue_(hosts, seed, weigher_) {}
  Host* pick(const Draw&) override { return queue_.next(weigher_); }

 private:
  HostWeigher weigher_;
  DeadlineQueue<Host*> queue_;
};

// Localities in turn, each as often as its weight says; among its hosts the cluster's own policy.
class LocalityPicker final : public HostPicker {
 public:
  struct Locality {
    double weight;
    std::unique_ptr<HostPicker> picker;
  };
  explicit LocalityPicker(std::vector<Locality> localities)
      : localities_(std::move(localities)),
        queue_(numbers(localities_.size()), 0, Weigh{localities_}) {}
  Host* pick(const Draw& draw) override {
    return localities_[queue_.next(Weigh{localities_})].picker->pick(draw);
  }

 private:
  struct Weigh {
    const std::vector<Locality>& localities;
    double operator()(size_t locality) const { return localities[locality].weight; }
  };
  static std::vector<size_t> numbers(size_t count) {
    std::vector<size_t> out(count);
    std::iota(out.begin(), out.end(), size_t{0});
    return out;
  }
  std::vector<Locality> localities_;
  DeadlineQueue<size_t> queue_;
};

}  // namespace

std::unique_ptr<HostPicker> make_locality_picker(const config::Cluster& cluster,
                                                 std::vector<LocalityShare> localities,
                                                 uint64_t seed, const BalancerEnv& env) {
  std::vector<LocalityPicker::Locality> pickers;
  for (LocalityShare& locality : localities) {
    if (locality.weight <= 0 || locality.hosts.empty()) continue;
    pickers.push_back(
        {locality.weight, make_picker(cluster, std::move(locality.hosts), seed, env)});
  }
  if (pickers.empty()) return nullptr;
  return std::make_unique<LocalityPicker>(std::move(pickers));
}

std::unique_ptr<HostPicker> make_picker(const config::Cluster& cluster, std::vector<Host*> hosts,
                                        uint64_t seed, const BalancerEnv& env) {
  using Balancer = config::Cluster::Balancer;
  if (cluster.balancer == Balancer::random) return std::make_unique<RandomPicker>(std::move(hosts));
  if (cluster.balancer == Balancer::client_weighted)
    return std::make_unique<ReportedWeightPicker>(cluster, std::move(hosts), seed, env);
  HostWeigher weigher(cluster, env, hosts);
  if (!same_weights(hosts) || weigher.in_slow_start())
    return std::make_unique<DeadlinePicker>(hosts, seed, std::move(weigher));
  if (cluster.balancer != Balancer::least_request)
    return std::make_unique<RoundRobinPicker>(std::move(hosts), seed);
  if (cluster.balancer_options != nullptr && cluster.balancer_options->full_scan)
    return std::make_unique<FullScanPicker>(std::move(hosts));
  return std::make_unique<LeastRequestPicker>(std::move(hosts), cluster.least_request_choices);
}

}  // namespace outrigger::upstream
