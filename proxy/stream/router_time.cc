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

// The attempt is over.
void Router::stop_try_timers() {
  if (measure_ != nullptr) measure_->end(owner_.services().loop.now());
  per_try_timer_.cancel();
  try_idle_timer_.cancel();
  duration_timer_.cancel();
}

void Router::cancel_timers() {
  global_timer_.cancel();
  stop_try_timers();
}

void Router::on_per_try_timeout() {
  if (state_ == State::backing_off) {
    go_to(pick_retry_host());
    attempt(false);
    return;
  }
  if (state_ != State::trying) return;
  if (hedges_) {
    contend();
    return;
  }
  cluster_->stats().upstream_rq_per_try_timeout.inc();
  host_->note_failure(upstream::HostState::Failure::timeout);
  give_try_up(ResponseFlag::upstream_request_timeout, "upstream_per_try_timeout",
              owner_.arena().concat("no answer from ", host_->endpoint->address.text(),
                                    " within the per-try timeout of ",
                                    std::to_string(timeouts_.per_try.count()), " ms"));
}

void Router::on_try_idle() {
  if (state_ != State::trying && state_ != State::responding) return;
  if (hedges_) {
    if (state_ == State::trying) contend();
    return;
  }
  cluster_->stats().upstream_rq_per_try_idle_timeout.inc();
  host_->note_failure(upstream::HostState::Failure::timeout);
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
  host_->stats().rq_timeout.inc();
  if (log_ != nullptr) log_->on_failure(flag);
  upstream_->give_up(http::ResetReason::local_reset);
  on_upstream_blocked(false);
  bool duration = flag == ResponseFlag::upstream_max_stream_duration_reached;
  if (state_ == State::trying && retry_rules_.enabled() &&
      retry(route::should_retry(retry_rules_, http::ResetReason::local_reset, true), nullptr)) {
    late_retry_ = !duration;
    return;
  }
  if (promote_contender()) return;
  time_out(flag, details, cause,
           duration ? "upstream max stream duration reached" : "upstream request timeout");
}

void Router::on_global_timeout() {
  if (state_ == State::done) return;
  // Each attempt that is under way has run out of time.
  if (state_ != State::backing_off) {
    cluster_->stats().upstream_rq_timeout.inc();
    counts_.count(&RouteStats::upstream_rq_timeout);
    host_->stats().rq_timeout.inc();
  }
  // A late one was noted when it became late.
  if (state_ == State::trying && !was_late_)
    host_->note_failure(upstream::HostState::Failure::timeout);
  for (const auto& contender : contenders_) {
    if (!contender->alive()) continue;
    cluster_->stats().upstream_rq_timeout.inc();
    counts_.count(&RouteStats::upstream_rq_timeout);
    contender->host()->stats().rq_timeout.inc();
    count_code(timeout_code());
  }
  time_out(ResponseFlag::upstream_request_timeout, "response_timeout",
           owner_.arena().concat("no complete answer from cluster ", cluster_->config().ref.name,
                                 " within the route's timeout of ",
                                 std::to_string(timeouts_.global.count()), " ms"),
           "upstream request timeout");
}

void Router::time_out(ResponseFlag flag, std::string_view details, std::string_view cause,
                      std::string_view body) {
  bool responding = state_ == State::responding;
  bool attempting = state_ != State::backing_off;
  state_ = State::done;
  cancel_timers();
  measure_request();
  drop_contenders();
  if (log_ != nullptr) log_->on_failure(flag);
  if (upstream_ != nullptr) upstream_->give_up(http::ResetReason::local_reset);
  Outcome outcome{flag, details, cause};
  if (responding) {
    owner_.service().stats().rq_reset_after_downstream_response_started.inc();
    owner_.respond_reset(outcome, http::ResetReason::local_reset);
    return;
  }
  bool duration = flag == ResponseFlag::upstream_max_stream_duration_reached;
  int code = duration ? 504 : timeout_code();
  if (attempting) count_code(code);
  owner_.local_reply({code, code == 504 ? body : "", outcome, -1});
}

}  // namespace outrigger::stream
