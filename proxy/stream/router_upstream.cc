// What the upstream says to the router: the response, or how it failed.
#include <charconv>

#include "proxy/stream/failure_text.h"
#include "proxy/stream/http_service.h"
#include "proxy/stream/response_codes.h"
#include "proxy/stream/router.h"
#include "proxy/stream/worker_services.h"
#include "proxy/upstream/client_connection.h"
#include "proxy/upstream/reported_weights.h"

namespace outrigger::stream {

using http::HeaderId;
using std::chrono::milliseconds;

void Router::on_upstream_connected(upstream::ClientConnection& connection, upstream::Host& host) {
  note_upstream(connection, host);
  note_connection(connection);
  counts_.count(&RouteStats::upstream_rq_total);
  StreamInfo& info = owner_.info();
  info.upstream_request_header_bytes = headers_->byte_size();
  info.upstream_first_sent = owner_.services().loop.now();
}

void Router::note_upstream(upstream::ClientConnection& connection, upstream::Host& host) {
  StreamInfo& info = owner_.info();
  info.upstream_remote = connection.remote_address();
  info.upstream_endpoint = host.endpoint.get();
  info.upstream_tls = connection.tls();
  info.upstream_hostname = host.endpoint->hostname;
  info.upstream_connection_id = connection.id();
  if (connection.pool().kind() != upstream::PoolKind::tunnel)
    info.upstream_protocol = connection.protocol();
  info.upstream_local = connection.local_address();
}

void Router::on_upstream_request_sent() {
  owner_.info().upstream_last_sent = owner_.services().loop.now();
}

void Router::on_upstream_informational(http::HeaderMap& headers) {
  if (state_ == State::trying) owner_.respond_informational(headers);
}

void Router::on_upstream_headers(http::HeaderMap& headers, bool end_stream) {
  StreamInfo& info = owner_.info();
  auto now = owner_.services().loop.now();
  info.upstream_first_received = now;
  info.upstream_response_header_bytes = headers.byte_size();
  if (log_ != nullptr) log_->on_response(headers);
  if (measure_ != nullptr) measure_->on_response(headers);
  int code = status_of(headers);
  info.response_code = code;
  note_load(headers);
  per_try_timer_.cancel();
  note_upstream_activity();
  bool wanted = route::should_retry(retry_rules_, headers, owner_.arena());
  if (retry_rules_.enabled() && !was_late_ && retry(wanted, &headers)) {
    host_->stats().rq_error.inc();
    count_upstream_response(cluster_->response_stats().retry, code);
    return;
  }
  if (follow_redirect(headers, code)) return;
  if (wanted && has_contender()) {  // another one may still do better
    host_->stats().rq_error.inc();
    promote_contender();
    return;
  }
  drop_contenders();
  (code >= 500 ? host_->stats().rq_error : host_->stats().rq_success).inc();
  state_ = State::responding;
  auto elapsed = std::chrono::duration_cast<milliseconds>(now - upstream_start_).count();
  count_code(code, &headers, static_cast<uint64_t>(elapsed));
  info.details = "via_upstream";
  if (!owner_.service().router_options().suppress_envoy_headers) {
    char* text = owner_.arena().allocate_chars(20);
    auto end = std::to_chars(text, text + 20, elapsed).ptr;
    headers.set(HeaderId::x_envoy_upstream_service_time,
                std::string_view(text, static_cast<size_t>(end - text)));
  }
  if (owner_.matched_route().host->include_attempt_count_in_response) {
    headers.set(HeaderId::x_envoy_attempt_count,
                owner_.arena().copy(std::to_string(info.attempt_count)));
  }
  finish_headers(headers);
  if (end_stream) {
    info.upstream_last_received = now;
    state_ = State::done;
    cancel_timers();
    measure_request();
  }
  owner_.respond_headers(headers, end_stream);
}

void Router::finish_headers(http::HeaderMap& headers) {
  owner_.show_response(headers);
  for (std::string_view cookie : hash_.set_cookies) headers.add(HeaderId::set_cookie, cookie);
  const route::RouteMatchResult& matched = owner_.matched_route();
  route::mutate_response({&owner_.route_table(), matched.host, route_, choice_weighted_}, headers,
                         owner_.values());
}

void Router::on_upstream_body(Bytes body, bool end_stream) {
  if (state_ != State::responding) return;
  StreamInfo& info = owner_.info();
  info.upstream_response_body_bytes += body.size();
  if (!info.upstream_first_body) info.upstream_first_body = owner_.services().loop.now();
  if (log_ != nullptr) log_->add_received(body.size());
  if (measure_ != nullptr) measure_->add_received(body.size());
  note_upstream_activity();
  if (end_stream) {
    info.upstream_last_received = owner_.services().loop.now();
    state_ = State::done;
    cancel_timers();
    measure_request();
  }
  owner_.respond_body(body, end_stream);
}

// Of a balancer that weighs hosts by what they report.
void Router::note_load(const http::HeaderMap& headers) {
  const config::BalancerOptions* options = cluster_->config().balancer_options.get();
  if (options == nullptr || !options->client_weighting) return;
  upstream::note_load_report(*options->client_weighting, headers, owner_.services().loop.now(),
                             *host_);
}

void Router::on_upstream_trailers(http::HeaderMap& trailers) {
  if (state_ != State::responding) return;
  owner_.info().upstream_last_received = owner_.services().loop.now();
  if (log_ != nullptr) log_->on_trailers(trailers);
  note_load(trailers);
  state_ = State::done;
  cancel_timers();
  measure_request();
  owner_.respond_trailers(trailers);
}

void Router::on_upstream_blocked(bool blocked) {
  if (request_paused_ == blocked) return;
  request_paused_ = blocked;
  owner_.pause_request(blocked);
}

void Router::pause_response(bool pause) {
  pauses_ = pause ? pauses_ + 1 : pauses_ - (pauses_ > 0 ? 1 : 0);
  bool paused = pauses_ > 0;
  if (paused == response_paused_) return;
  response_paused_ = paused;
  ClusterStats* stats = cluster_ == nullptr ? nullptr : &cluster_->stats();
  if (stats != nullptr) {
    (paused ? stats->upstream_flow_control_paused_reading_total
            : stats->upstream_flow_control_resumed_reading_total)
        .inc();
  }
  if (upstream_ != nullptr) upstream_->pause_response(paused);
}

void Router::on_upstream_failure(const UpstreamFailure& failure) {
  if (state_ == State::done) return;
  stop_try_timers();
  if (log_ != nullptr) log_->on_failure(failure_flag(failure));
  note_failed_attempt(failure, *host_);
  if (!failure.response_started && try_again(failure)) return;
  on_upstream_blocked(false);
  fail(failure);
}

// Before the client has seen anything. False: there is no other attempt.
bool Router::try_again(const UpstreamFailure& failure) {
  if (may_replay(failure)) {
    replay(failure);
    return true;
  }
  if (failure.met_idle_close()) host_->note_failure(upstream::HostState::Failure::connect);
  // What waits for a stream must not be joined by more before it moves.
  if (!is_for_policy(failure) && may_move(failure) && move_on(failure)) return true;
  on_upstream_blocked(false);
  bool wanted = route::should_retry(retry_rules_, failure.reason, failure.request_started);
  if (retry_rules_.enabled() && !was_late_ && retry(wanted, nullptr)) return true;
  if (!has_contender()) return false;
  count_code(failure_code(failure));
  promote_contender();
  return true;
}

void Router::note_failed_attempt(const UpstreamFailure& failure, upstream::Host& host) {
  if (!failure.request_started) return;
  host.stats().rq_error.inc();
  if (failure.reason == http::ResetReason::remote_reset ||
      failure.reason == http::ResetReason::remote_refused_stream) {
    cluster_->stats().upstream_rq_rx_reset.inc();
  }
}

void Router::fail(const UpstreamFailure& failure) {
  bool responding = state_ == State::responding;
  state_ = State::done;
  cancel_timers();
  Arena& arena = owner_.arena();
  Outcome outcome{failure_flag(failure), failure_details(failure, arena),
                  failure_cause(failure, host_->endpoint->address.text(), arena)};
  if (!failure.transport_reason.empty())
    owner_.info().upstream_transport_failure_reason = arena.copy(failure.transport_reason);
  if (failure.reason == http::ResetReason::connection_failure) {
    if (!failure.transport_failed && !failure.connect_timeout)
      owner_.info().upstream_transport_failure_reason =
          arena.concat("delayed connect error: ", failure.detail);
    owner_.info().upstream_remote = host_->endpoint->address;
  }
  if (responding) {
    owner_.service().stats().rq_reset_after_downstream_response_started.inc();
    owner_.respond_reset(outcome, failure.reason);
    return;
  }
  int code = failure_code(failure);
  count_code(code);
  LocalReply reply{code, failure_body(failure, retries_, arena), outcome, -1};
  reply.overloaded = failure.reason == http::ResetReason::overflow;
  owner_.local_reply(reply);
}

void Router::count_code(int code, const http::HeaderMap* response,
                        std::optional<uint64_t> took_ms) {
  ClusterStats& stats = cluster_->stats();
  ClusterCodeStats& of_origin = cluster_->origin_stats(internal_);
  count_upstream_response(stats, code);
  count_upstream_response(of_origin, code);
  if (took_ms) {
    stats.upstream_rq_time.record(*took_ms);
    of_origin.upstream_rq_time.record(*took_ms);
  }
  counts_.count({*cluster_, host_.get(), response, internal_, code, took_ms});
}

}  // namespace outrigger::stream
