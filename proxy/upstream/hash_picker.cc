#include "proxy/upstream/hash_picker.h"

#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <utility>

#include "proxy/upstream/bounded_picker.h"
#include "proxy/upstream/murmur_hash.h"

namespace outrigger::upstream {
namespace {

uint64_t xx_hash(std::string_view text, uint64_t seed = 0) {
  return XXH64(text.data(), text.size(), seed);
}

// What a host is placed by: its metadata's envoy.lb/hash_key, its name, its address.
std::string key_of(const Host& host, bool by_hostname) {
  static const std::string kKey[] = {"hash_key"};
  const MetadataValue* key = host.endpoint->metadata.find("envoy.lb", kKey);
  if (key != nullptr && key->string() != nullptr && !key->string()->empty()) return *key->string();
  if (by_hostname && !host.endpoint->hostname.empty()) return host.endpoint->hostname;
  return host.endpoint->address.text();
}

// Hosts around a ring, each at many places; a hash belongs to the first place behind it.
class RingPicker final : public HostPicker {
 public:
  RingPicker(const config::HashBalancing& config, const std::vector<WeightedHost>& hosts) {
    double least = 1;
    for (const WeightedHost& host : hosts) least = std::min(least, host.part);
    // Each host has whole places, the lightest one at least one.
    double wanted = std::ceil(least * static_cast<double>(config.minimum_ring_size)) / least;
    double size = std::min(wanted, static_cast<double>(config.maximum_ring_size));
    size_ = static_cast<size_t>(std::ceil(size));
    fewest_ = size_;
    places_.reserve(size_);
    double placed = 0;
    double target = 0;
    for (const WeightedHost& host : hosts) {
      target += size * host.part;
      place(*host.host, config, placed, target);
    }
    std::stable_sort(places_.begin(), places_.end(),
                     [](const Place& a, const Place& b) { return a.hash < b.hash; });
  }
  // The same in each worker: whoever writes last writes nothing new.
  void note(RingHashStats& stats) const {
    stats.size.set(static_cast<int64_t>(size_));
    stats.min_hashes_per_host.set(static_cast<int64_t>(fewest_));
    stats.max_hashes_per_host.set(static_cast<int64_t>(most_));
  }
  // Another attempt goes on along the ring, to whatever host has the place there.
  Host* pick(const Draw& draw) override {
    auto at = std::lower_bound(places_.begin(), places_.end(), draw.number,
                               [](const Place& place, uint64_t h) { return place.hash < h; });
    size_t index = at == places_.end() ? 0 : static_cast<size_t>(at - places_.begin());
    if (draw.attempt > 0) index = (index + draw.attempt) % places_.size();
    return places_[index].host;
  }

 private:
  struct Place {
    uint64_t hash;
    Host* host;
  };
  void place(Host& host, const config::HashBalancing& config, double& placed, double target) {
    std::string key = key_of(host, config.by_hostname) + '_';
    size_t prefix = key.size();
    size_t i = 0;
    for (; placed < target; ++i, ++placed) {
      key.resize(prefix);
      key += std::to_string(i);
      places_.push_back({config.murmur ? murmur_hash(key) : xx_hash(key), &host});
    }
    fewest_ = std::min(fewest_, i);
    most_ = std::max(most_, i);
  }
  size_t size_ = 0, fewest_ = 0, most_ = 0;
  std::vector<Place> places_;
};

// A table in which each host has its share of the entries: https://research.google/pubs/pub44824
class MaglevPicker final : public HostPicker {
 public:
  MaglevPicker(const config::HashBalancing& config, const std::vector<WeightedHost>& hosts)
      : table_(config.table_size, kFree) {
    std::vector<Candidate> candidates;
    double most = 0;
    for (const WeightedHost& host : hosts) {
      candidates.emplace_back(host, key_of(*host.host, config.by_hostname), config.table_size);
      most = std::max(most, host.part);
    }
    // The order that endpoints come in must not matter.
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](const Candidate& a, const Candidate& b) { return a.key < b.key; });
    for (const Candidate& candidate : candidates) hosts_.push_back(candidate.host);
    fill(candidates, most);
    auto less = [](const Candidate& a, const Candidate& b) { return a.entries < b.entries; };
    auto [fewest, greatest] = std::minmax_element(candidates.begin(), candidates.end(), less);
    fewest_ = fewest->entries;
    most_ = greatest->entries;
  }
  void note(MaglevStats& stats) const {
    stats.min_entries_per_host.set(static_cast<int64_t>(fewest_));
    stats.max_entries_per_host.set(static_cast<int64_t>(most_));
  }
  Host* pick(const Draw& draw) override {
    uint64_t hash = draw.number ^ (uint64_t{0} - draw.attempt);
    return hosts_[table_[hash % table_.size()]];
  }

 private:
  static constexpr uint32_t kFree = 0xffffffff;
  struct Candidate {
    Candidate(const WeightedHost& from, std::string key_in, uint64_t size)
        : host(from.host),
          part(from.part),
          key(std::move(key_in)),
          next(xx_hash(key) % size),
          skip(xx_hash(key, 1) % (size - 1) + 1) {}
    Host* host;
    double part;
    std::string key;
    uint64_t next, skip;  // the entry that it likes next, and how far to the one after
    double due = 0;
    size_t entries = 0;
  };
  // Each host in turn takes the next entry of its liking that is free; one of half the greatest
  // weight in every second round.
  void fill(std::vector<Candidate>& candidates, double most) {
    size_t filled = 0;
    for (uint32_t round = 1; filled < table_.size(); ++round) {
      for (uint32_t i = 0; i < candidates.size() && filled < table_.size(); ++i) {
        Candidate& candidate = candidates[i];
        if (round * candidate.part < candidate.due) continue;
        candidate.due += most;
        while (table_[candidate.next] != kFree) step(candidate);
        table_[candidate.next] = i;
        ++candidate.entries;
        step(candidate);
        ++filled;
      }
    }
  }
  void step(Candidate& candidate) const {
    candidate.next = (candidate.next + candidate.skip) % table_.size();
  }
  size_t fewest_ = 0, most_ = 0;
  std::vector<uint32_t> table_;
  std::vector<Host*> hosts_;
};

}  // namespace

std::vector<WeightedHost> weigh(const std::vector<LocalityShare>& localities) {
  std::vector<WeightedHost> out;
  double shares = 0;
  for (const LocalityShare& locality : localities) shares += locality.weight;
  for (const LocalityShare& locality : localities) {
    double sum = 0;
    for (const Host* host : locality.hosts) sum += host->weight();
    if (locality.weight <= 0 || sum <= 0) continue;
    for (Host* host : locality.hosts)
      out.push_back({host, locality.weight / shares * host->weight() / sum});
  }
  return out;
}

std::unique_ptr<HostPicker> make_hash_picker(const config::Cluster& cluster,
                                             std::vector<WeightedHost> hosts,
                                             const BalancerEnv& env) {
  if (hosts.empty()) return nullptr;
  static const config::HashBalancing kDefault;
  const config::HashBalancing& config = cluster.hashing == nullptr ? kDefault : *cluster.hashing;
  std::unique_ptr<HostPicker> picker;
  if (cluster.balancer == config::Cluster::Balancer::maglev) {
    auto maglev = std::make_unique<MaglevPicker>(config, hosts);
    if (cluster.hashing_stats != nullptr)
      maglev->note(cluster.hashing_stats->local<MaglevStats>(0));
    picker = std::move(maglev);
  } else {
    auto ring = std::make_unique<RingPicker>(config, hosts);
    if (cluster.hashing_stats != nullptr)
      ring->note(cluster.hashing_stats->local<RingHashStats>(0));
    picker = std::move(ring);
  }
  if (config.balance_percent == 0) return picker;
  return std::make_unique<BoundedPicker>(std::move(picker), std::move(hosts),
                                         config.balance_percent, env);
}

}  // namespace outrigger::upstream
