#include "proxy/upstream/zone_picker.h"

#include <algorithm>
#include <utility>

#include "proxy/upstream/cluster_table.h"

namespace outrigger::upstream {
namespace {

constexpr uint64_t kWhole = 10'000;

bool same_place(const config::Locality& a, const config::Locality& b) {
  return a.region == b.region && a.zone == b.zone && a.sub_zone == b.sub_zone;
}

template <class Zones>
auto* find_zone(Zones& zones, const config::Locality& locality) {
  auto found = std::find_if(zones.begin(), zones.end(),
                            [&](const auto& zone) { return same_place(zone.locality, locality); });
  return found == zones.end() ? nullptr : &*found;
}

uint64_t part_of(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : kWhole * part / whole;
}

// One draw is asked for several things; each uses other bits of it.
uint64_t mixed(uint64_t random, uint64_t salt) {
  random = (random ^ salt) * 0xbf58476d1ce4e5b9ULL;
  return random ^ (random >> 31);
}

}  // namespace

ZonePicker::ZonePicker(const config::Cluster& cluster,
                       const std::vector<const LocalityHosts*>& localities,
                       config::Endpoint::Health serving, std::unique_ptr<HostPicker> all,
                       uint64_t seed, const BalancerEnv& env)
    : options_(cluster.balancer_options),
      config_(*options_->zone_routing),
      panic_threshold_(cluster.panic_threshold),
      fail_on_panic_(cluster.fail_traffic_on_panic),
      env_(env),
      notes_(serving == config::Endpoint::Health::healthy ? env.stats : nullptr),
      all_(std::move(all)) {
  for (const LocalityHosts* locality : localities) add(*locality, serving);
  auto here = std::find_if(zones_.begin(), zones_.end(),
                           [&](const Zone& zone) { return is_here(zone.locality); });
  has_here_ = here != zones_.end();
  if (has_here_) std::rotate(zones_.begin(), here, here + 1);
  for (Zone& zone : zones_) {
    healthy_hosts_ += zone.count;
    if (!zone.hosts.empty())
      zone.picker = make_picker(cluster, std::exchange(zone.hosts, {}), seed, env);
  }
  recalculate();
}

bool ZonePicker::is_here(const config::Locality& locality) const {
  const config::LocalZone& local = *config_.local;
  return locality.region == local.region && locality.zone == local.zone &&
         locality.sub_zone == local.sub_zone;
}

void ZonePicker::add(const LocalityHosts& locality, config::Endpoint::Health serving) {
  if (locality.hosts.empty()) return;
  Zone* zone = find_zone(zones_, *locality.locality);
  if (zone == nullptr) {
    zones_.emplace_back().locality = *locality.locality;
    zone = &zones_.back();
  }
  for (Host* host : locality.hosts) {
    if (host->health == serving) zone->hosts.push_back(host);
    if (host->health != config::Endpoint::Health::healthy) continue;
    ++zone->count;
    zone->healthy += config_.by_weight ? host->weight() : 1;
  }
}

// Of its first priority; others have no part in it.
std::vector<ZonePicker::LocalZone> ZonePicker::local_zones(bool& panic) const {
  std::vector<LocalZone> out;
  ClusterTable::EndpointsView view = env_.table->endpoints_of(config_.local->cluster.slot);
  uint64_t hosts = 0;
  uint64_t usable = 0;
  size_t place = 0;
  for (size_t i = 0; view.endpoints != nullptr && i < view.endpoints->localities.size(); ++i) {
    const config::LocalityEndpoints& from = view.endpoints->localities[i];
    LocalZone* zone = find_zone(out, from.locality);
    if (zone == nullptr && from.priority == 0 && !from.endpoints.empty()) {
      out.emplace_back().locality = from.locality;
      zone = &out.back();
    }
    for (const config::EndpointPtr& endpoint : from.endpoints) {
      const HostState* state = view.state(place++);
      if (from.priority != 0) continue;
      config::Endpoint::Health health = effective_health(*endpoint, state);
      bool healthy = health == config::Endpoint::Health::healthy;
      ++hosts;
      ++zone->hosts;
      zone->healthy += healthy ? 1 : 0;
      zone->weight += healthy ? endpoint->weight : 0;
      usable += health != config::Endpoint::Health::unhealthy ? 1 : 0;
    }
  }
  panic = hosts == 0
              ? panic_threshold_ > 0
              : 100.0 * static_cast<double>(usable) / static_cast<double>(hosts) < panic_threshold_;
  return out;
}

void ZonePicker::recalculate() {
  seen_ = env_.table->endpoints_of(config_.local->cluster.slot).version;
  if (notes_ != nullptr) notes_->lb_recalculate_zone_structures.inc();
  std::vector<LocalZone> local = local_zones(local_panic_);
  mode_ = choose_mode(local);
  if (mode_ != Mode::residual) return;
  share_out(local);
}

ZonePicker::Mode ZonePicker::choose_mode(const std::vector<LocalZone>& local) {
  if (zones_.size() < 2) return Mode::off;
  if (local.size() < 2 && !config_.force_local_min) return Mode::off;
  const LocalZone* mine = nullptr;
  uint64_t whole = 0;
  for (const LocalZone& zone : local) {
    if (is_here(zone.locality)) mine = &zone;
    whole += config_.by_weight ? zone.weight : zone.healthy;
  }
  if (mine == nullptr) {
    if (notes_ != nullptr) notes_->lb_local_cluster_not_ok.inc();
    return Mode::off;
  }
  uint64_t least = config_.min_cluster_size;
  if (env_.runtime != nullptr && *env_.runtime != nullptr)
    least = (*env_.runtime)->number("upstream.zone_routing.min_cluster_size", least);
  if (healthy_hosts_ < least) {
    if (notes_ != nullptr) notes_->lb_zone_cluster_too_small.inc();
    return Mode::off;
  }
  if (!has_here_) return Mode::residual;
  uint64_t here = zones_[0].healthy;
  uint64_t all = 0;
  for (const Zone& zone : zones_) all += zone.healthy;
  uint64_t upstream = part_of(here, all);
  uint64_t own = part_of(config_.by_weight ? mine->weight : mine->healthy, whole);
  bool forced = config_.force_local_min && zones_[0].count >= *config_.force_local_min;
  if ((upstream > 0 && upstream >= own) || (forced && here > 0)) return Mode::direct;
  stays_ = own == 0 ? 0 : upstream * kWhole / own;
  return Mode::residual;
}

// What stays and what goes where, when the zone has less than its part of the hosts.
void ZonePicker::share_out(const std::vector<LocalZone>& local) {
  if (!has_here_) stays_ = 0;
  uint64_t upstream_whole = 0;
  uint64_t local_whole = 0;
  for (const Zone& zone : zones_) upstream_whole += zone.healthy;
  for (const LocalZone& zone : local) local_whole += config_.by_weight ? zone.weight : zone.healthy;
  uint64_t room = 0;
  for (size_t i = 0; i < zones_.size(); ++i) {
    Zone& zone = zones_[i];
    if (i > 0 || !has_here_) {
      const LocalZone* same_zone = find_zone(local, zone.locality);
      uint64_t healthy = 0;
      if (same_zone != nullptr)
        healthy = config_.by_weight ? same_zone->weight : same_zone->healthy;
      uint64_t upstream = part_of(zone.healthy, upstream_whole);
      uint64_t own = part_of(healthy, local_whole);
      if (upstream > own) room += upstream - own;
    }
    zone.room_end = room;
  }
}

ZonePicker::Zone& ZonePicker::choose(uint64_t random) {
  ClusterStats* stats = env_.stats;
  if (mode_ == Mode::direct) {
    if (stats != nullptr) stats->lb_zone_routing_all_directly.inc();
    return zones_[0];
  }
  if (mixed(random, 1) % kWhole < stays_) {
    if (stats != nullptr) stats->lb_zone_routing_sampled.inc();
    return zones_[0];
  }
  if (stats != nullptr) stats->lb_zone_routing_cross_zone.inc();
  uint64_t room = zones_.back().room_end;
  if (room == 0) {  // rounding left nothing
    if (stats != nullptr) stats->lb_zone_no_capacity_left.inc();
    return zones_[mixed(random, 2) % zones_.size()];
  }
  uint64_t at = mixed(random, 2) % room;
  return *std::find_if(zones_.begin(), zones_.end(),
                       [&](const Zone& zone) { return at < zone.room_end; });
}

bool ZonePicker::enabled(uint64_t random) const {
  auto per_million = static_cast<uint32_t>(config_.enabled_percent * 10'000);
  if (env_.runtime != nullptr && *env_.runtime != nullptr)
    per_million = (*env_.runtime)->per_million("upstream.zone_routing.enabled", per_million);
  return mixed(random, 3) % 1'000'000 < per_million;
}

Host* ZonePicker::pick(const Draw& draw) {
  if (env_.table->endpoints_of(config_.local->cluster.slot).version != seen_) recalculate();
  if (mode_ == Mode::off) return all_->pick(draw);
  if (!enabled(draw.number)) return all_->pick(draw);
  if (local_panic_) {
    if (env_.stats != nullptr) env_.stats->lb_local_cluster_not_ok.inc();
    return fail_on_panic_ ? nullptr : all_->pick(draw);
  }
  Zone& zone = choose(draw.number);
  return zone.picker == nullptr ? nullptr : zone.picker->pick(draw);
}

}  // namespace outrigger::upstream
