// The router's time: timeouts of the request and of a try, back-off, retries.
#include <algorithm>

#include "proxy/stream/http_service.h"
#include "proxy/stream/router.h"
#include "proxy/stream/worker_services.h"

namespace outrigger::stream {

// The request is complete: from here on the upstream's time counts.
void Router::start_global_timeout() {
  if (timeouts_.global.count() > 0 && !global_timer_.armed() && !owner_.is_upgrade()) {
    global_timer_.start(timeouts_.global);
  }
  if (state_ == State::trying) start_try_timers();
}

void Router::start_try_timers() {
  if (timeouts_.per_try.count() > 0 && !per_try_timer_.armed())
    per_try_timer_.start(timeouts_.per_try);
  note_upstream_activity();
}

void Router::note_upstream_activity() {
  if (timeouts_.per_try_idle.count() > 0 && end_seen_)
    try_idle_timer_.start(timeouts_.per_try_idle);
}

void Router::stop_try_timers() {
  per_try_timer_.cancel();
  try_idle_timer_.cancel();
  duration_timer_.cancel();
}

void Router::cancel_timers() {
  global_timer_.cancel();
  stop_try_timers();
}

// Starts the back-off before another attempt. False: the present outcome stands.
bool Router::retry(bool wanted, bool by_response) {
  if (!wanted) return false;
  ClusterStats& stats = cluster_->stats();
  upstream::ResourceLimit& limit = cluster_->limits(action_->high_priority).retries;
  if (retry_counted_) {
    limit.give();
    retry_counted_ = false;
  }
  if (retries_ >= retry_rules_.retries) {
    stats.upstream_rq_retry_limit_exceeded.inc();
    owner_.info().flags.set(ResponseFlag::upstream_retry_limit_exceeded);
    return false;
  }
  if (!end_seen_) {
    owner_.service().stats().rq_retry_skipped_request_not_complete.inc();
    return false;
  }
  if (body_seen_ && body_lost_) return false;
  if (!limit.try_take()) {
    stats.upstream_rq_retry_overflow.inc();
    cluster_->note_limits(action_->high_priority);
    return false;
  }
  cluster_->note_limits(action_->high_priority);
  retry_counted_ = true;
  ++retries_;
  tried_hosts_.push_back(host_);
  stats.upstream_rq_retry.inc();
  stats.upstream_rq_retry_backoff_exponential.inc();
  if (by_response) upstream_->give_up(http::ResetReason::local_reset);
  stop_try_timers();
  state_ = State::backing_off;
  per_try_timer_.start(route::retry_delay(retry_rules_, retries_, owner_.services().random.next()));
  return true;
}

// The last pick stands, also if it was tried before: any host is better than none.
upstream::HostRef Router::pick_retry_host() {
  const config::RetryPolicy* policy = retry_rules_.policy;
  bool choosy = policy != nullptr && policy->avoid_previous_hosts;
  uint32_t picks = choosy ? policy->host_picks : 0;
  for (uint32_t n = 0;; ++n) {
    upstream::LbContext context = lb_context(owner_.services().random.next());
    context.repeated = n;
    upstream::HostRef host = cluster_->pick_host(context);
    bool tried =
        std::find(tried_hosts_.begin(), tried_hosts_.end(), host.get()) != tried_hosts_.end();
    if (n == picks || host == nullptr || !tried) return host;
  }
}

void Router::on_per_try_timeout() {
  if (state_ == State::backing_off) {
    host_ = pick_retry_host();
    attempt(false);
    return;
  }
  if (state_ != State::trying) return;
  cluster_->stats().upstream_rq_per_try_timeout.inc();
  give_try_up(ResponseFlag::upstream_request_timeout, "upstream_per_try_timeout",
              owner_.arena().concat("no answer from ", host_->endpoint->address.text(),
                                    " within the per-try timeout of ",
                                    std::to_string(timeouts_.per_try.count()), " ms"));
}

void Router::on_try_idle() {
  if (state_ != State::trying && state_ != State::responding) return;
  cluster_->stats().upstream_rq_per_try_idle_timeout.inc();
  give_try_up(ResponseFlag::stream_idle_timeout, "upstream_per_try_idle_timeout",
              owner_.arena().concat(host_->endpoint->address.text(),
                                    " was silent for the per-try idle timeout of ",
                                    std::to_string(timeouts_.per_try_idle.count()), " ms"));
}

void Router::on_duration() {
  if (state_ != State::trying && state_ != State::responding) return;
  cluster_->stats().upstream_rq_max_duration_reached.inc();
  give_try_up(ResponseFlag::upstream_max_stream_duration_reached,
              "upstream_max_stream_duration_reached",
              "the request to the upstream reached the cluster's max_stream_duration");
}

// A try ran out of time: another one, or the end.
void Router::give_try_up(ResponseFlag flag, std::string_view details, std::string_view cause) {
  host_->stats.rq_timeout.inc();
  if (log_ != nullptr) log_->on_failure(flag);
  upstream_->give_up(http::ResetReason::local_reset);
  on_upstream_blocked(false);
  bool wanted = state_ == State::trying && retry_rules_.enabled() &&
                route::should_retry(retry_rules_, http::ResetReason::local_reset, true);
  if (retry(wanted, false)) return;
  bool duration = flag == ResponseFlag::upstream_max_stream_duration_reached;
  time_out(flag, details, cause,
           duration ? "upstream max stream duration reached" : "upstream request timeout");
}

void Router::on_global_timeout() {
  if (state_ == State::done) return;
  cluster_->stats().upstream_rq_timeout.inc();
  if (state_ == State::trying) host_->stats.rq_timeout.inc();
  time_out(ResponseFlag::upstream_request_timeout, "response_timeout",
           owner_.arena().concat("no complete answer from cluster ", cluster_->config().ref.name,
                                 " within the route's timeout of ",
                                 std::to_string(timeouts_.global.count()), " ms"),
           "upstream request timeout");
}

void Router::time_out(ResponseFlag flag, std::string_view details, std::string_view cause,
                      std::string_view body) {
  bool responding = state_ == State::responding;
  state_ = State::done;
  cancel_timers();
  if (log_ != nullptr) log_->on_failure(flag);
  if (upstream_ != nullptr) upstream_->give_up(http::ResetReason::local_reset);
  Outcome outcome{flag, details, cause};
  if (responding) {
    owner_.service().stats().rq_reset_after_downstream_response_started.inc();
    owner_.respond_reset(outcome, http::ResetReason::local_reset);
    return;
  }
  count_code(504);
  owner_.local_reply({504, body, outcome, -1});
}

}  // namespace outrigger::stream
