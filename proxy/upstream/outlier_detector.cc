#include "proxy/upstream/outlier_detector.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_set>
#include <utility>

namespace outrigger::upstream {
namespace {

using std::chrono::milliseconds;
using Time = HostState::Time;

struct KindFields {
  Counter OutlierStats::*detected;
  Counter OutlierStats::*enforced;
  const char* runtime;
  uint32_t config::OutlierDetection::*percent;
};

// In the order of OutlierKind.
constexpr KindFields kKinds[] = {
    {&OutlierStats::ejections_detected_consecutive_5xx,
     &OutlierStats::ejections_enforced_consecutive_5xx, "enforcing_consecutive_5xx",
     &config::OutlierDetection::enforcing_consecutive_5xx},
    {&OutlierStats::ejections_detected_consecutive_gateway_failure,
     &OutlierStats::ejections_enforced_consecutive_gateway_failure,
     "enforcing_consecutive_gateway_failure",
     &config::OutlierDetection::enforcing_consecutive_gateway_failure},
    {&OutlierStats::ejections_detected_consecutive_local_origin_failure,
     &OutlierStats::ejections_enforced_consecutive_local_origin_failure,
     "enforcing_consecutive_local_origin_failure",
     &config::OutlierDetection::enforcing_consecutive_local_origin_failure},
    {&OutlierStats::ejections_detected_success_rate, &OutlierStats::ejections_enforced_success_rate,
     "enforcing_success_rate", &config::OutlierDetection::enforcing_success_rate},
    {&OutlierStats::ejections_detected_local_origin_success_rate,
     &OutlierStats::ejections_enforced_local_origin_success_rate,
     "enforcing_local_origin_success_rate",
     &config::OutlierDetection::enforcing_local_origin_success_rate},
    {&OutlierStats::ejections_detected_failure_percentage,
     &OutlierStats::ejections_enforced_failure_percentage, "enforcing_failure_percentage",
     &config::OutlierDetection::enforcing_failure_percentage},
    {&OutlierStats::ejections_detected_local_origin_failure_percentage,
     &OutlierStats::ejections_enforced_local_origin_failure_percentage,
     "enforcing_failure_percentage_local_origin",
     &config::OutlierDetection::enforcing_failure_percentage_local_origin},
};

const KindFields& fields_of(OutlierKind kind) {
  return kKinds[static_cast<size_t>(kind)];
}

// What came since the last interval, over all workers.
HostState::Sums since_last(HostState& host, bool local) {
  HostState::Sums now;
  host.results.for_each_shard([&](const void* shard) {
    const auto& of_worker = *static_cast<const OutlierResults*>(shard);
    now.total += (local ? of_worker.local_total : of_worker.total).value();
    now.success += (local ? of_worker.local_success : of_worker.success).value();
  });
  HostState::Sums& seen = local ? host.seen_local : host.seen;
  HostState::Sums out{now.total - seen.total, now.success - seen.success};
  seen = now;
  // Read while a worker counts: one may be there, the other not yet.
  out.success = std::min(out.success, out.total);
  return out;
}

bool is_ejected(const HostState& host) {
  return host.has(HealthFlag::kFailedOutlierCheck);
}

}  // namespace

OutlierDetector::OutlierDetector(Parts parts)
    : parts_(std::move(parts)),
      config_(*parts_.cluster->outlier_detection),
      stats_(parts_.cluster->outlier_stats->local<OutlierStats>(StatsScope::kMainThread)) {
  parts_.watch->watches = true;
  parts_.watch->split_local_origin = config_.split_external_local_origin_errors;
  set_runtime(nullptr);
}

OutlierDetector::~OutlierDetector() {
  if (ejected_ != 0) stats_.ejections_active.add(-ejected_);
}

uint64_t OutlierDetector::value(std::string_view name, uint64_t configured) const {
  if (runtime_ == nullptr || runtime_->values().empty()) return configured;
  return runtime_->number("outlier_detection." + std::string(name), configured);
}

milliseconds OutlierDetector::time(std::string_view name, milliseconds configured) const {
  return milliseconds(value(name, static_cast<uint64_t>(configured.count())));
}

milliseconds OutlierDetector::interval() const {
  return std::max(milliseconds(1), time("interval_ms", config_.interval));
}

void OutlierDetector::set_runtime(config::RuntimeSnapshotPtr runtime) {
  runtime_ = std::move(runtime);
  auto put = [this](std::atomic<uint32_t>& at, std::string_view name, uint32_t configured) {
    at.store(static_cast<uint32_t>(value(name, configured)), std::memory_order_relaxed);
  };
  HostWatch& watch = *parts_.watch;
  put(watch.consecutive_5xx, "consecutive_5xx", config_.consecutive_5xx);
  put(watch.consecutive_gateway_failure, "consecutive_gateway_failure",
      config_.consecutive_gateway_failure);
  put(watch.consecutive_local_origin_failure, "consecutive_local_origin_failure",
      config_.consecutive_local_origin_failure);
}

void OutlierDetector::set_hosts(HostStates hosts) {
  std::unordered_set<const HostState*> present;
  for (const HostStatePtr& host : hosts) present.insert(host.get());
  for (const HostStatePtr& host : hosts_) {
    if (present.contains(host.get()) || !is_ejected(*host)) continue;
    --ejected_;
    stats_.ejections_active.dec();
  }
  hosts_ = std::move(hosts);
}

bool OutlierDetector::on_consecutive(HostState& host, OutlierKind kind, Time now) {
  bool known = std::any_of(hosts_.begin(), hosts_.end(),
                           [&](const HostStatePtr& mine) { return mine.get() == &host; });
  if (!known || is_ejected(host)) return false;
  (stats_.*fields_of(kind).detected).inc();
  bool changed = eject(host, kind, now);
  if (kind == OutlierKind::consecutive_5xx) {
    stats_.ejections_consecutive_5xx.inc();
    host.in_row_5xx.store(0, std::memory_order_relaxed);
  } else if (kind == OutlierKind::consecutive_gateway_failure) {
    host.in_row_gateway.store(0, std::memory_order_relaxed);
  } else {
    host.in_row_local.store(0, std::memory_order_relaxed);
  }
  return changed;
}

bool OutlierDetector::may_eject() const {
  if (config_.always_eject_one_host && ejected_ == 0) return true;
  uint64_t most =
      std::min<uint64_t>(100, value("max_ejection_percent", config_.max_ejection_percent));
  double percent = 100.0 * static_cast<double>(ejected_ + 1) / static_cast<double>(hosts_.size());
  return percent <= static_cast<double>(most);
}

bool OutlierDetector::enforce(OutlierKind kind) {
  const KindFields& fields = fields_of(kind);
  uint64_t percent = value(fields.runtime, config_.*fields.percent);
  return percent >= 100 || (percent > 0 && parts_.random() % 100 < percent);
}

bool OutlierDetector::eject(HostState& host, OutlierKind kind, Time now) {
  if (!may_eject()) {
    stats_.ejections_overflow.inc();
    return false;
  }
  if (kind == OutlierKind::consecutive_5xx || kind == OutlierKind::success_rate)
    stats_.ejections_total.inc();
  bool local = kind == OutlierKind::success_rate_local_origin;
  const SuccessRates& rates = local ? local_rates_ : rates_;
  if (!enforce(kind)) {
    if (parts_.events != nullptr)
      parts_.events->on_ejected(*parts_.cluster, host, kind, false, rates, now);
    return false;
  }
  ++ejected_;
  stats_.ejections_active.inc();
  stats_.ejections_enforced_total.inc();
  (stats_.*fields_of(kind).enforced).inc();
  host.set(HealthFlag::kFailedOutlierCheck);
  ++host.ejections;
  host.ejected_at = now;
  milliseconds base = time("base_ejection_time_ms", config_.base_ejection_time);
  milliseconds most = time("max_ejection_time_ms", config_.max_ejection_time);
  auto spread = static_cast<uint64_t>(
      time("max_ejection_time_jitter_ms", config_.max_ejection_time_jitter).count());
  host.jitter = milliseconds(spread == 0 ? 0 : parts_.random() % (spread + 1));
  if (base * host.backoff < most + base) ++host.backoff;
  if (parts_.events != nullptr)
    parts_.events->on_ejected(*parts_.cluster, host, kind, true, rates, now);
  return true;
}

bool OutlierDetector::over(const HostState& host, Time now) const {
  milliseconds base = time("base_ejection_time_ms", config_.base_ejection_time);
  milliseconds most = time("max_ejection_time_ms", config_.max_ejection_time);
  return std::min(base * host.backoff, most) + host.jitter <= now - *host.ejected_at;
}

void OutlierDetector::give_back(HostState& host, Time now) {
  --ejected_;
  stats_.ejections_active.dec();
  host.clear(HealthFlag::kFailedOutlierCheck);
  host.reset_counts();
  host.returned_at = now;
  if (parts_.events != nullptr) parts_.events->on_returned(*parts_.cluster, host, now);
}

bool OutlierDetector::on_check_passed(HostState& host, Time now) {
  if (!config_.successful_active_health_check_uneject_host || !is_ejected(host) ||
      host.has(HealthFlag::kFailedActiveCheck))
    return false;
  give_back(host, now);
  return true;
}

bool OutlierDetector::on_interval(Time now) {
  bool changed = false;
  for (const HostStatePtr& host : hosts_) {
    if (is_ejected(*host) && over(*host, now)) {
      give_back(*host, now);
      changed = true;
    }
    host->success_rate.store(-1, std::memory_order_relaxed);
    host->local_origin_success_rate.store(-1, std::memory_order_relaxed);
  }
  changed = rate(false, now) || changed;
  changed = rate(true, now) || changed;
  shorten_backoff(now);
  return changed;
}

// Of answers, or of attempts to connect.
bool OutlierDetector::rate(bool local, Time now) {
  (local ? local_rates_ : rates_) = {};
  uint64_t rate_hosts = value("success_rate_minimum_hosts", config_.success_rate_minimum_hosts);
  uint64_t rate_volume = value("success_rate_request_volume", config_.success_rate_request_volume);
  uint64_t percentage_hosts =
      value("failure_percentage_minimum_hosts", config_.failure_percentage_minimum_hosts);
  uint64_t percentage_volume =
      value("failure_percentage_request_volume", config_.failure_percentage_request_volume);
  bool enough = hosts_.size() >= rate_hosts || hosts_.size() >= percentage_hosts;
  std::vector<Rated> by_rate, by_percentage;
  for (const HostStatePtr& host : hosts_) {
    HostState::Sums sums = since_last(*host, local);
    if (!enough || is_ejected(*host) || sums.total == 0) continue;
    double rate = 100.0 * static_cast<double>(sums.success) / static_cast<double>(sums.total);
    if (sums.total >= std::min(rate_volume, percentage_volume)) {
      (local ? host->local_origin_success_rate : host->success_rate)
          .store(rate, std::memory_order_relaxed);
    }
    if (sums.total >= rate_volume) by_rate.push_back({host.get(), rate});
    if (sums.total >= percentage_volume) by_percentage.push_back({host.get(), rate});
  }
  bool changed = false;
  if (!by_rate.empty() && by_rate.size() >= rate_hosts)
    changed = eject_by_rate(by_rate, local, now);
  if (!by_percentage.empty() && by_percentage.size() >= percentage_hosts)
    changed = eject_by_percentage(by_percentage, local, now) || changed;
  return changed;
}

// Those that are further below the average than the others spread around it.
bool OutlierDetector::eject_by_rate(const std::vector<Rated>& hosts, bool local, Time now) {
  auto count = static_cast<double>(hosts.size());
  double sum = 0;
  for (const Rated& rated : hosts) sum += rated.rate;
  double mean = sum / count;
  double squares = 0;
  for (const Rated& rated : hosts) squares += (rated.rate - mean) * (rated.rate - mean);
  double factor =
      static_cast<double>(value("success_rate_stdev_factor", config_.success_rate_stdev_factor)) /
      1000.0;
  SuccessRates& rates = local ? local_rates_ : rates_;
  rates = {mean, mean - factor * std::sqrt(squares / count)};
  OutlierKind kind = local ? OutlierKind::success_rate_local_origin : OutlierKind::success_rate;
  bool changed = false;
  for (const Rated& rated : hosts) {
    if (rated.rate >= rates.threshold) continue;
    stats_.ejections_success_rate.inc();
    (stats_.*fields_of(kind).detected).inc();
    changed = eject(*rated.host, kind, now) || changed;
  }
  return changed;
}

bool OutlierDetector::eject_by_percentage(const std::vector<Rated>& hosts, bool local, Time now) {
  auto threshold = static_cast<double>(
      value("failure_percentage_threshold", config_.failure_percentage_threshold));
  OutlierKind kind =
      local ? OutlierKind::failure_percentage_local_origin : OutlierKind::failure_percentage;
  bool changed = false;
  for (const Rated& rated : hosts) {
    if (100.0 - rated.rate < threshold) continue;
    (stats_.*fields_of(kind).detected).inc();
    // Its success rate may have ejected it just now.
    if (!is_ejected(*rated.host)) changed = eject(*rated.host, kind, now) || changed;
  }
  return changed;
}

// Who was in use for a whole interval is ejected for a shorter time the next time.
void OutlierDetector::shorten_backoff(Time now) {
  for (const HostStatePtr& host : hosts_) {
    if (is_ejected(*host) || !host->returned_at || host->backoff == 0) continue;
    if (now - *host->returned_at >= interval()) --host->backoff;
  }
}

}  // namespace outrigger::upstream
