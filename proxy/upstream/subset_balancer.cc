#include "proxy/upstream/subset_balancer.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace outrigger::upstream {
namespace {

using config::MetadataCriterion;
using config::SubsetFallback;

constexpr std::string_view kFallbackList = "fallback_list";

uint64_t hash_all(Criteria criteria) {
  uint64_t hash = criteria.size();
  for (const MetadataCriterion& each : criteria)
    hash = (hash ^ each.hash) * 0x9e3779b97f4a7c15ULL + (hash >> 31);
  return hash;
}

bool same_keys(Criteria criteria, const std::vector<std::string>& keys) {
  return std::equal(
      criteria.begin(), criteria.end(), keys.begin(), keys.end(),
      [](const MetadataCriterion& each, const std::string& key) { return each.key == key; });
}

// Those of the criteria that have one of the keys; both are sorted.
template <class Out>
Out filtered(Criteria criteria, const std::vector<std::string>& keys) {
  Out out;
  size_t at = 0;
  for (const std::string& key : keys) {
    while (at < criteria.size() && criteria[at].key < key) ++at;
    if (at < criteria.size() && criteria[at].key == key) out.push_back(criteria[at]);
  }
  return out;
}

bool same_names(const config::Locality& a, const config::Locality& b) {
  return a.region == b.region && a.zone == b.zone && a.sub_zone == b.sub_zone;
}

// A list is each of its values.
bool has_value(const MetadataValue& have, const MetadataValue& wanted, bool list_as_any) {
  const auto* list = list_as_any ? std::get_if<MetadataList>(&have.get()) : nullptr;
  if (list == nullptr) return have == wanted;
  return std::find(list->begin(), list->end(), wanted) != list->end();
}

}  // namespace

struct SubsetBalancer::Subset {
  std::unique_ptr<config::MetadataMatchCriteria> values;  // nullptr: the default subset
  bool single_host = false;
  Host* host = nullptr;  // of a single_host
  mutable LoadBalancer balancer;
  std::vector<LocalityHosts> hosts;
  // The update that is under way, and which locality each of its parts is of.
  std::vector<LocalityHosts> next;
  std::vector<size_t> places;
  bool changed = false;
  std::unique_ptr<Subset> of_equal_hash;

  bool active() const { return !hosts.empty(); }
  void add(Host& added, size_t locality, const LocalityHosts& of) {
    if (single_host && !next.empty()) {  // the first of the first priority
      if (next.front().priority <= of.priority) return;
      next.clear();
      places.clear();
    }
    if (next.empty() || places.back() != locality) {
      next.push_back({of.priority, of.weight, {}});
      places.push_back(locality);
    } else if (next.back().hosts.back() == &added) {
      return;
    }
    next.back().hosts.push_back(&added);
    changed = changed || added.changed;
  }
};

SubsetBalancer::SubsetBalancer(const config::Cluster& cluster, uint64_t seed,
                               const BalancerEnv& env)
    : cluster_(cluster),
      config_(*cluster.balancer_options->subsets),
      seed_(seed),
      env_(env),
      stats_(*env.stats) {
  bool falls_back = config_.fallback == SubsetFallback::default_subset;
  for (const config::SubsetSelector& selector : config_.selectors)
    falls_back = falls_back || selector.fallback == SubsetFallback::default_subset;
  if (falls_back) default_ = std::make_unique<Subset>();
}

SubsetBalancer::~SubsetBalancer() {
  if (size_ == 0) return;
  stats_.lb_subsets_removed.add(size_);
  stats_.lb_subsets_active.add(-static_cast<int64_t>(size_));
}

void SubsetBalancer::update(const std::vector<LocalityHosts>& localities,
                            uint32_t overprovisioning_percent) {
  uint32_t priorities = 0;
  for (const LocalityHosts& locality : localities)
    priorities = std::max(priorities, locality.priority + 1);
  all_changed_ = std::exchange(priorities_, priorities) != priorities;
  if (std::exchange(overprovisioning_, overprovisioning_percent) != overprovisioning_percent)
    all_changed_ = true;
  if (!note_zones(localities)) all_changed_ = true;
  rebuilt_ = 0;
  ++updates_;
  for (size_t i = 0; i < localities.size(); ++i) {
    for (Host* host : localities[i].hosts) add_host(*host, i, localities[i]);
  }
  for (auto& entry : subsets_) {
    for (Subset* subset = entry.second.get(); subset != nullptr;
         subset = subset->of_equal_hash.get())
      finish(*subset, localities);
  }
  if (default_ != nullptr) finish(*default_, localities);
  remove_empty();
}

bool SubsetBalancer::note_zones(const std::vector<LocalityHosts>& localities) {
  if (!cluster_.balancer_options->zone_routing) return true;
  std::vector<config::Locality> now;
  for (const LocalityHosts& locality : localities)
    now.push_back(locality.locality == nullptr ? config::Locality() : *locality.locality);
  bool same = std::equal(now.begin(), now.end(), zones_.begin(), zones_.end(), same_names);
  zones_ = std::move(now);
  return same;
}

bool SubsetBalancer::note_changes(Host& host) const {
  if (host.tabled == nullptr) host.tabled = std::make_unique<Host::Tabled>();
  Host::Tabled& before = *host.tabled;
  // One that was missing meanwhile may have been the last of a subset that is gone.
  bool known = before.owner == this && before.update + 1 == updates_;
  bool same = known && before.endpoint == host.endpoint && before.health == host.health &&
              before.excluded == host.excluded;
  if (!same) before = {host.endpoint, host.health, host.excluded, this, 0, {}};
  before.update = updates_;
  return !same;
}

void SubsetBalancer::add_host(Host& host, size_t locality, const LocalityHosts& of) {
  host.changed = note_changes(host);
  if (!host.changed) {  // it is where it was
    for (void* subset : host.tabled->subsets) static_cast<Subset*>(subset)->add(host, locality, of);
    return;
  }
  const MetadataStruct* metadata = lb_metadata(host.endpoint->metadata);
  if (default_ != nullptr && is_default(metadata)) {
    default_->add(host, locality, of);
    host.tabled->subsets.push_back(default_.get());
  }
  if (metadata == nullptr) return;
  for (const config::SubsetSelector& selector : config_.selectors)
    add_by(selector, *metadata, host, locality, of);
}

// The host is in the subset of each combination of its values: more than one where lists stand for
// any of their values.
void SubsetBalancer::add_by(const config::SubsetSelector& selector, const MetadataStruct& metadata,
                            Host& host, size_t locality, const LocalityHosts& of) {
  absl::InlinedVector<std::pair<const MetadataValue*, size_t>, 8> values;  // and how many
  for (const std::string& key : selector.keys) {
    const MetadataValue* value = metadata.find(key);
    if (value == nullptr) return;
    const auto* list = config_.list_as_any ? std::get_if<MetadataList>(&value->get()) : nullptr;
    if (list != nullptr && list->empty()) return;
    values.emplace_back(list == nullptr ? value : list->data(), list == nullptr ? 1 : list->size());
  }
  absl::InlinedVector<size_t, 8> at(values.size(), 0);
  for (;;) {
    FewCriteria criteria;
    for (size_t i = 0; i < values.size(); ++i)
      criteria.emplace_back(selector.keys[i], values[i].first[at[i]]);
    Subset& subset = subset_of(criteria, selector.single_host);
    subset.add(host, locality, of);
    host.tabled->subsets.push_back(&subset);
    size_t turn = 0;
    while (turn < values.size() && ++at[turn] == values[turn].second) at[turn++] = 0;
    if (turn == values.size()) return;
  }
}

SubsetBalancer::Subset& SubsetBalancer::subset_of(const FewCriteria& values, bool single_host) {
  Criteria criteria(values.data(), values.size());
  std::unique_ptr<Subset>& first = subsets_[hash_all(criteria)];
  for (Subset* subset = first.get(); subset != nullptr; subset = subset->of_equal_hash.get()) {
    Criteria have = subset->values->criteria();
    if (std::equal(have.begin(), have.end(), criteria.begin(), criteria.end())) return *subset;
  }
  auto made = std::make_unique<Subset>();
  config::MetadataMatchCriteria::Values own;
  for (const MetadataCriterion& each : values) own.emplace_back(each.key, *each.value);
  made->values = std::make_unique<config::MetadataMatchCriteria>(std::move(own));
  made->single_host = single_host;
  made->of_equal_hash = std::move(first);
  first = std::move(made);
  ++size_;
  stats_.lb_subsets_created.inc();
  stats_.lb_subsets_active.inc();
  return *first;
}

bool SubsetBalancer::is_default(const MetadataStruct* metadata) const {
  return std::all_of(
      config_.default_subset.begin(), config_.default_subset.end(), [&](const auto& wanted) {
        const MetadataValue* value = metadata == nullptr ? nullptr : metadata->find(wanted.first);
        return value != nullptr && has_value(*value, wanted.second, config_.list_as_any);
      });
}

// Puts what the update gathered in force; costs little where nothing changed.
void SubsetBalancer::finish(Subset& subset, const std::vector<LocalityHosts>& localities) {
  if (config_.scale_locality_weight && config_.locality_weight_aware)
    scale_weights(subset, localities);
  std::vector<size_t> places = std::exchange(subset.places, {});
  bool changed = std::exchange(subset.changed, false) || all_changed_;
  if (!changed && subset.next == subset.hosts) {
    subset.next = {};
    return;
  }
  subset.hosts = std::exchange(subset.next, {});
  if (!subset.active()) return;
  ++rebuilt_;
  subset.host = subset.hosts.front().hosts.front();
  if (subset.single_host) return;
  std::vector<LocalityHosts> hosts = subset.hosts;
  uint32_t last = 0;
  for (size_t i = 0; i < hosts.size(); ++i) {
    hosts[i].locality = localities[places[i]].locality;
    last = std::max(last, hosts[i].priority);
  }
  if (last + 1 < priorities_) hosts.push_back({priorities_ - 1, 0, {}});
  subset.balancer = LoadBalancer(cluster_, hosts, seed_, overprovisioning_, env_);
}

void SubsetBalancer::scale_weights(Subset& subset, const std::vector<LocalityHosts>& localities) {
  for (size_t i = 0; i < subset.next.size(); ++i) {
    LocalityHosts& part = subset.next[i];
    size_t whole = localities[subset.places[i]].hosts.size();
    part.weight = static_cast<uint32_t>(
        std::round(static_cast<double>(part.weight) * static_cast<double>(part.hosts.size()) /
                   static_cast<double>(whole)));
  }
}

void SubsetBalancer::remove_empty() {
  size_t removed = 0;
  for (auto entry = subsets_.begin(); entry != subsets_.end();) {
    std::unique_ptr<Subset>* place = &entry->second;
    while (*place != nullptr) {
      if ((*place)->active()) {
        place = &(*place)->of_equal_hash;
      } else {
        *place = std::move((*place)->of_equal_hash);
        ++removed;
      }
    }
    auto here = entry++;
    if (here->second == nullptr) subsets_.erase(here);
  }
  if (removed == 0) return;
  size_ -= removed;
  stats_.lb_subsets_removed.add(removed);
  stats_.lb_subsets_active.add(-static_cast<int64_t>(removed));
}

const SubsetBalancer::Subset* SubsetBalancer::find(Criteria criteria) const {
  if (criteria.empty()) return nullptr;
  auto found = subsets_.find(hash_all(criteria));
  if (found == subsets_.end()) return nullptr;
  for (const Subset* subset = found->second.get(); subset != nullptr;
       subset = subset->of_equal_hash.get()) {
    Criteria have = subset->values->criteria();
    if (std::equal(have.begin(), have.end(), criteria.begin(), criteria.end())) return subset;
  }
  return nullptr;
}

const config::SubsetSelector* SubsetBalancer::selector_of(Criteria criteria) const {
  for (const config::SubsetSelector& selector : config_.selectors) {
    if (same_keys(criteria, selector.keys)) return &selector;
  }
  return nullptr;
}

Host* SubsetBalancer::pick_of(const Subset& subset, const Request& request, bool& panic) const {
  if (subset.single_host) return subset.host;
  return subset.balancer.pick(request.draw, panic, request.loads);
}

Host* SubsetBalancer::pick(const Request& request, bool& panic) const {
  if (config_.fallback_list) {
    for (const MetadataCriterion& each : request.criteria) {
      if (each.key == kFallbackList) return choose_from_list(request, *each.value, panic);
    }
  }
  return choose(request, panic);
}

// Each entry of the list says what is to be otherwise in the criteria; the first that finds a host
// counts.
Host* SubsetBalancer::choose_from_list(const Request& request, const MetadataValue& list,
                                       bool& panic) const {
  FewCriteria rest;
  for (const MetadataCriterion& each : request.criteria) {
    if (each.key != kFallbackList) rest.push_back(each);
  }
  Criteria criteria(rest.data(), rest.size());
  const auto* entries = std::get_if<MetadataList>(&list.get());
  if (entries == nullptr || entries->empty())
    return choose({request.any, criteria, request.draw, request.loads}, panic);
  static const MetadataStruct kNothing;
  for (const MetadataValue& entry : *entries) {
    const MetadataStruct* above = entry.object() == nullptr ? &kNothing : entry.object();
    FewCriteria merged;
    merge_sorted(criteria, *above, [&](const MetadataCriterion& each) { merged.push_back(each); });
    Host* host = choose(
        {request.any, Criteria(merged.data(), merged.size()), request.draw, request.loads}, panic);
    if (host != nullptr) return host;
  }
  return nullptr;
}

Host* SubsetBalancer::choose(const Request& request, bool& panic) const {
  FewCriteria few;
  Criteria used = request.criteria;
  if (config_.allow_redundant_keys) {
    for (const config::SubsetSelector& selector : config_.selectors) {
      few = filtered<FewCriteria>(request.criteria, selector.keys);
      if (few.size() != selector.keys.size()) continue;
      used = Criteria(few.data(), few.size());
      break;
    }
  }
  Request narrowed{request.any, used, request.draw, request.loads};
  if (const Subset* subset = find(used)) {
    stats_.lb_subsets_selected.inc();
    return pick_of(*subset, narrowed, panic);
  }
  const config::SubsetSelector* selector = selector_of(used);
  if (selector != nullptr && selector->fallback != SubsetFallback::not_defined)
    return choose_for_selector(*selector, narrowed, panic);
  return choose_fallback(request, panic);
}

Host* SubsetBalancer::choose_for_selector(const config::SubsetSelector& selector,
                                          const Request& request, bool& panic) const {
  switch (selector.fallback) {
    case SubsetFallback::any_endpoint:
      return request.any.pick(request.draw, panic, request.loads);
    case SubsetFallback::default_subset:
      return default_->active() ? pick_of(*default_, request, panic) : nullptr;
    case SubsetFallback::keys_subset: {  // fewer keys each time
      FewCriteria few = filtered<FewCriteria>(request.criteria, selector.fallback_keys);
      return choose({request.any, Criteria(few.data(), few.size()), request.draw, request.loads},
                    panic);
    }
    default:
      return nullptr;
  }
}

Host* SubsetBalancer::choose_fallback(const Request& request, bool& panic) const {
  Host* host = nullptr;
  if (config_.fallback == SubsetFallback::none) return nullptr;
  if (config_.fallback == SubsetFallback::any_endpoint) {
    host = request.any.pick(request.draw, panic, request.loads);
  } else if (default_->active()) {
    host = pick_of(*default_, request, panic);
  }
  if (host != nullptr) {
    stats_.lb_subsets_fallback.inc();
    return host;
  }
  if (!config_.panic_mode_any) return nullptr;
  host = request.any.pick(request.draw, panic, request.loads);
  if (host != nullptr) stats_.lb_subsets_fallback_panic.inc();
  return host;
}

}  // namespace outrigger::upstream
