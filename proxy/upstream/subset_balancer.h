// SubsetBalancer: picks among the hosts whose metadata has what the request asks for
// (lb_subset_config). Tables are built when endpoints change, and only those of them that the
// change concerns; a pick is one look-up by the hash of the criteria, without allocation. Thread:
// one worker. Lifetime: the worker's cluster entry. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/subsets
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"

#include "proxy/upstream/load_balancer.h"
#include "proxy/upstream/match_criteria.h"

namespace outrigger::upstream {

class SubsetBalancer {
 public:
  // `cluster` has subsets, and outlives it. `env` counts.
  SubsetBalancer(const config::Cluster& cluster, uint64_t seed, const BalancerEnv& env);
  ~SubsetBalancer();
  SubsetBalancer(const SubsetBalancer&) = delete;
  SubsetBalancer& operator=(const SubsetBalancer&) = delete;

  void update(const std::vector<LocalityHosts>& localities, uint32_t overprovisioning_percent);

  // One request: `any` picks among all hosts.
  struct Request {
    LoadBalancer& any;
    Criteria criteria;
    const Draw& draw;
    const std::vector<uint32_t>* loads;  // as LoadBalancer::pick has them
  };
  Host* pick(const Request& request, bool& panic) const;

  size_t size() const { return size_; }
  // How many of them the last update made anew.
  size_t rebuilt() const { return rebuilt_; }

 private:
  // More keys than this in one request cost an allocation.
  using FewCriteria = absl::InlinedVector<config::MetadataCriterion, 8>;
  struct Subset;

  // Says whether the tables know the host as it is, and notes it.
  bool note_changes(Host& host) const;
  // The same of the localities' names.
  bool note_zones(const std::vector<LocalityHosts>& localities);
  void add_host(Host& host, size_t locality, const LocalityHosts& of);
  void add_by(const config::SubsetSelector& selector, const MetadataStruct& metadata, Host& host,
              size_t locality, const LocalityHosts& of);
  Subset& subset_of(const FewCriteria& values, bool single_host);
  bool is_default(const MetadataStruct* metadata) const;
  void finish(Subset& subset, const std::vector<LocalityHosts>& localities);
  static void scale_weights(Subset& subset, const std::vector<LocalityHosts>& localities);
  void remove_empty();

  const Subset* find(Criteria criteria) const;
  const config::SubsetSelector* selector_of(Criteria criteria) const;
  Host* pick_of(const Subset& subset, const Request& request, bool& panic) const;
  Host* choose(const Request& request, bool& panic) const;
  Host* choose_from_list(const Request& request, const MetadataValue& list, bool& panic) const;
  Host* choose_for_selector(const config::SubsetSelector& selector, const Request& request,
                            bool& panic) const;
  Host* choose_fallback(const Request& request, bool& panic) const;

  const config::Cluster& cluster_;
  const config::SubsetBalancing& config_;
  uint64_t seed_;
  BalancerEnv env_;
  ClusterStats& stats_;
  // By the hash of all their criteria; those of one hash are a chain.
  absl::flat_hash_map<uint64_t, std::unique_ptr<Subset>> subsets_;
  std::unique_ptr<Subset> default_;  // nullptr: nobody falls back on it
  size_t size_ = 0;
  size_t rebuilt_ = 0;
  uint64_t updates_ = 0;
  uint32_t priorities_ = 0;
  uint32_t overprovisioning_ = 0;
  std::vector<config::Locality> zones_;  // of the localities, where zones matter
  bool all_changed_ = false;
};

}  // namespace outrigger::upstream
