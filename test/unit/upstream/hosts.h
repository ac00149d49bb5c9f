// Hosts for the balancers' tests: made from a list of weights or states, counted by their port.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "proxy/upstream/cluster_hash_tables.h"
#include "proxy/upstream/conn_pool.h"
#include "proxy/upstream/hash_picker.h"
#include "proxy/upstream/load_balancer.h"
#include "test/unit/support/cluster.h"

namespace outrigger::upstream::test {

using Health = config::Endpoint::Health;
using Counts = std::map<const Host*, unsigned>;

// Priority i has the hosts hosts[i].
inline std::vector<LocalityHosts> priorities(const std::vector<std::vector<Host*>>& hosts) {
  std::vector<LocalityHosts> out;
  for (const auto& of_priority : hosts) {
    for (Host* host : of_priority) host->priority = static_cast<uint32_t>(out.size());
    out.push_back({static_cast<uint32_t>(out.size()), 0, of_priority});
  }
  return out;
}

// Among these hosts, of a cluster whose policy hashes.
inline std::unique_ptr<HostPicker> hash_picker(const config::Cluster& cluster,
                                               const std::vector<Host*>& hosts,
                                               const BalancerEnv& env = {}) {
  std::vector<HashLocality> localities(1);
  for (const Host* host : hosts) {
    auto place = static_cast<uint32_t>(localities[0].hosts.size());
    localities[0].hosts.push_back({host->endpoint.get(), place, host->health});
  }
  return make_hash_picker(cluster, make_priority_table(cluster, false, localities, false),
                          std::make_shared<const std::vector<Host*>>(hosts), env);
}

// Ports count from 1, over all hosts that it makes.
class Hosts {
 public:
  std::vector<Host*> weighted(const std::vector<uint32_t>& weights) {
    std::vector<Host*> made;
    for (uint32_t weight : weights) made.push_back(add(weight, Health::healthy));
    return made;
  }
  std::vector<Host*> in_state(size_t healthy, size_t unhealthy, size_t degraded = 0) {
    std::vector<Host*> made;
    for (size_t i = 0; i < healthy; ++i) made.push_back(add(1, Health::healthy));
    for (size_t i = 0; i < unhealthy; ++i) made.push_back(add(1, Health::unhealthy));
    for (size_t i = 0; i < degraded; ++i) made.push_back(add(1, Health::degraded));
    return made;
  }

 private:
  Host* add(uint32_t weight, Health health) {
    auto port = static_cast<uint16_t>(all_.size() + 1);
    all_.push_back(std::make_unique<Host>(outrigger::test::endpoint(port, weight, health), 0));
    return all_.back().get();
  }

  std::vector<std::unique_ptr<Host>> all_;
};

// The same numbers in every run: a test that passes once passes always.
class Dice {
 public:
  uint64_t next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

 private:
  uint64_t state_ = 1;
};

}  // namespace outrigger::upstream::test
