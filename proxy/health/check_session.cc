#include "proxy/health/check_session.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace outrigger::health {
namespace {

using runtime::Timer;
using std::chrono::milliseconds;

bool of_network(FailureKind kind) {
  return kind == FailureKind::network || kind == FailureKind::network_timeout;
}

}  // namespace

CheckSession::CheckSession(CheckContext& context, upstream::HostStatePtr host)
    : context_(context),
      host_(std::move(host)),
      stats_(context.cluster->health_check_stats->local<HealthCheckStats>(StatsScope::kMainThread)),
      interval_(context.loop.timers(), Timer::call<&CheckSession::on_interval, CheckSession>(),
                this),
      timeout_(context.loop.timers(), Timer::call<&CheckSession::on_timeout, CheckSession>(),
               this) {
  if (!host_->has(HealthFlag::kFailedActiveCheck)) stats_.healthy.inc();
  if (host_->has(HealthFlag::kDegradedByActiveCheck)) stats_.degraded.inc();
}

CheckSession::~CheckSession() = default;

void CheckSession::start() {
  // Not at once: who starts it is not done yet.
  milliseconds delay(0);
  if (check().initial_jitter.count() > 0) delay = spread(milliseconds(0), check().initial_jitter);
  interval_.start(delay);
}

void CheckSession::give_up() {
  if (std::exchange(over_, true)) return;
  interval_.cancel();
  timeout_.cancel();
  if (!host_->has(HealthFlag::kFailedActiveCheck)) stats_.healthy.dec();
  if (host_->has(HealthFlag::kDegradedByActiveCheck)) stats_.degraded.dec();
  drop();
}

void CheckSession::on_interval() {
  stats_.attempt.inc();
  asking_ = true;
  timeout_.start(check().timeout);
  ask();
}

void CheckSession::on_timeout() {
  drop();
  fail(FailureKind::network_timeout);
}

void CheckSession::note(CheckNote::Event event, FailureKind failure, bool first) {
  if (context_.events != nullptr)
    context_.events->on_event(*context_.cluster, check(), *host_, {event, failure, first});
}

Transition CheckSession::end_pending(Transition transition) {
  if (!host_->has(HealthFlag::kPendingActiveCheck)) return transition;
  host_->clear(HealthFlag::kPendingActiveCheck);
  return Transition::changed;
}

Transition CheckSession::become_healthy() {
  if (!host_->has(HealthFlag::kFailedActiveCheck)) return Transition::unchanged;
  if (!first_ && ++good_in_row_ < check().healthy_threshold) return Transition::pending;
  host_->clear(HealthFlag::kActiveCheckTimeout | HealthFlag::kExcludedByAnswer |
               HealthFlag::kFailedActiveCheck);
  stats_.healthy.inc();
  note(CheckNote::Event::add_healthy, FailureKind::active, first_);
  return Transition::changed;
}

Transition CheckSession::note_degraded(bool degraded, Transition transition) {
  if (degraded == host_->has(HealthFlag::kDegradedByActiveCheck)) return transition;
  if (degraded) {
    host_->set(HealthFlag::kDegradedByActiveCheck);
    stats_.degraded.inc();
    note(CheckNote::Event::degraded);
  } else {
    host_->clear(HealthFlag::kDegradedByActiveCheck);
    stats_.degraded.dec();
    note(CheckNote::Event::no_longer_degraded);
  }
  return transition == Transition::unchanged ? Transition::changed : transition;
}

void CheckSession::succeed(bool degraded) {
  if (over_ || !std::exchange(asking_, false)) return;
  bad_in_row_ = 0;
  Transition transition = become_healthy();
  if (transition != Transition::changed && check().always_log_success)
    note(CheckNote::Event::success);
  transition = note_degraded(degraded, end_pending(transition));
  stats_.success.inc();
  report(transition, true);
}

Transition CheckSession::note_failure(FailureKind kind, bool retriable) {
  good_in_row_ = 0;
  Transition transition = Transition::unchanged;
  if (!host_->has(HealthFlag::kFailedActiveCheck)) {
    transition = Transition::pending;
    if ((!of_network(kind) && !retriable) || ++bad_in_row_ >= check().unhealthy_threshold) {
      host_->set(HealthFlag::kFailedActiveCheck);
      stats_.healthy.dec();
      transition = Transition::changed;
      note(CheckNote::Event::eject_unhealthy, kind);
    }
  }
  bool timed_out =
      kind == FailureKind::network_timeout && host_->has(HealthFlag::kFailedActiveCheck);
  timed_out ? host_->set(HealthFlag::kActiveCheckTimeout)
            : host_->clear(HealthFlag::kActiveCheckTimeout);
  transition = end_pending(transition);
  if (first_ || check().always_log_failures) note(CheckNote::Event::failure, kind, first_);
  stats_.failure.inc();
  if (of_network(kind)) stats_.network_failure.inc();
  if (kind == FailureKind::passive) stats_.passive_failure.inc();
  return transition;
}

void CheckSession::fail(FailureKind kind, bool retriable) {
  if (over_ || !std::exchange(asking_, false)) return;
  report(note_failure(kind, retriable), false);
}

void CheckSession::report(Transition transition, bool healthy) {
  first_ = false;
  timeout_.cancel();
  interval_.start(next_interval(healthy, transition));
  context_.on_result(*host_, transition, healthy);
}

void CheckSession::refuse() {
  if (over_) return;
  Transition transition = note_failure(FailureKind::passive, false);
  first_ = false;
  context_.on_result(*host_, transition, false);
}

bool CheckSession::has_traffic() const {
  bool any = false;
  context_.cluster->stats->for_each_shard([&](const void* shard) {
    any = any || static_cast<const ClusterStats*>(shard)->upstream_cx_total.value() > 0;
  });
  return any;
}

milliseconds CheckSession::next_interval(bool healthy, Transition transition) const {
  bool pending = transition == Transition::pending;
  const config::HealthCheck& c = check();
  milliseconds base;
  if (!has_traffic()) {
    base = healthy && !pending ? c.no_traffic_healthy_interval : c.no_traffic_interval;
  } else if (healthy) {
    base = pending ? c.healthy_edge_interval : c.interval;
  } else {
    base = pending ? c.unhealthy_edge_interval : c.unhealthy_interval;
  }
  return spread(base, c.interval_jitter);
}

milliseconds CheckSession::spread(milliseconds base, milliseconds jitter) const {
  auto out = static_cast<uint64_t>(base.count());
  uint64_t percent = check().interval_jitter_percent * out / 100;
  if (percent > 0) out += context_.random() % percent;
  if (jitter.count() > 0) out += context_.random() % static_cast<uint64_t>(jitter.count());
  if (context_.runtime != nullptr) {
    out = std::min(out, context_.runtime->number("health_check.max_interval",
                                                 std::numeric_limits<uint64_t>::max()));
    out = std::max(out, context_.runtime->number("health_check.min_interval", 0));
  }
  return milliseconds(std::max<uint64_t>(1, out));
}

}  // namespace outrigger::health
