#include "proxy/stream/router.h"

#include <algorithm>
#include <charconv>

#include "proxy/route/match.h"
#include "proxy/route/redirect.h"
#include "proxy/route/rewrite.h"
#include "proxy/route/weighted.h"
#include "proxy/stream/failure_text.h"
#include "proxy/stream/http_service.h"
#include "proxy/stream/mirror.h"
#include "proxy/stream/response_codes.h"
#include "proxy/stream/worker_services.h"
#include "proxy/upstream/client_connection.h"

namespace outrigger::stream {

using http::HeaderId;
using runtime::Timer;
using std::chrono::milliseconds;

namespace {

LocalReply reply_of(int code, std::string_view body, ResponseFlags flags, std::string_view details,
                    std::string_view cause) {
  return {code, body, {flags, details, cause}, -1};
}

}  // namespace

Router::Router(RouterOwner& owner, runtime::TimerWheel& wheel)
    : owner_(owner),
      global_timer_(wheel, Timer::call<&Router::on_global_timeout, Router>(), this),
      per_try_timer_(wheel, Timer::call<&Router::on_per_try_timeout, Router>(), this),
      try_idle_timer_(wheel, Timer::call<&Router::on_try_idle, Router>(), this),
      duration_timer_(wheel, Timer::call<&Router::on_duration, Router>(), this) {}

Router::~Router() {
  abandon();
}

void Router::on_request_headers(http::HeaderMap& headers, bool end_stream) {
  headers_ = &headers;
  internal_ = headers.has(HeaderId::x_envoy_internal);
  end_seen_ = end_stream;
  HttpStats& stats = owner_.service().stats();
  stats.rq_total.inc();
  if (answer_locally(headers)) {
    state_ = State::done;
    return;
  }
  action_ = route_->forward();
  if (!choose_cluster(*action_, headers)) {
    state_ = State::done;
    return;
  }
  owner_.info().upstream_cluster = &cluster_->config();
  host_ = cluster_->pick_host(owner_.stream_random());
  prepare_headers(*action_, headers);
  start_mirrors(*action_, headers, end_stream);
  buffer_limit_ = owner_.buffer_limit();
  keep_body_ = retry_rules_.enabled();
  attempt(false);
  if (end_stream && state_ != State::done) start_global_timeout();
}

// Everything that needs no upstream: no route, redirects, direct responses. True: answered.
bool Router::answer_locally(http::HeaderMap& headers) {
  HttpStats& stats = owner_.service().stats();
  const route::RouteMatchResult& matched = owner_.matched_route();
  if (matched.needs_tls) {
    http::HeaderMap* response = owner_.arena().make<http::HeaderMap>(owner_.arena());
    response->add(HeaderId::status, "301");
    response->add(HeaderId::location, route::tls_redirect_location(headers, owner_.arena()));
    stats.rq_direct_response.inc();
    owner_.info().details = "direct_response";
    owner_.respond_headers(*response, true);
    return true;
  }
  route_ = matched.route;
  if (route_ == nullptr) {
    stats.no_route.inc();
    std::string_view cause = matched.host == nullptr
                                 ? owner_.arena().concat("no virtual host has the domain ",
                                                         headers.get(HeaderId::authority))
                                 : owner_.arena().concat("virtual host ", matched.host->name,
                                                         " has no route for this request");
    owner_.local_reply(reply_of(404, "", ResponseFlag::no_route_found, "route_not_found", cause));
    return true;
  }
  if (std::holds_alternative<config::RedirectAction>(route_->action)) {
    http::HeaderMap* response = owner_.arena().make<http::HeaderMap>(owner_.arena());
    int code = std::get<config::RedirectAction>(route_->action).code;
    response->add(HeaderId::status, owner_.arena().copy(std::to_string(code)));
    response->add(HeaderId::location, route::redirect_location(*route_, headers, owner_.arena()));
    stats.rq_direct_response.inc();
    owner_.info().details = "direct_response";
    finish_headers(*response);
    owner_.respond_headers(*response, true);
    return true;
  }
  if (const auto* direct = std::get_if<config::DirectResponseAction>(&route_->action)) {
    stats.rq_direct_response.inc();
    owner_.local_reply(reply_of(direct->status, direct->body, {}, "direct_response", ""));
    return true;
  }
  if (route_->forward() ==
      nullptr) {  // non_forwarding_action: a filter before the router should have answered
    stats.no_route.inc();
    owner_.local_reply(reply_of(404, "", ResponseFlag::no_route_found, "route_not_found",
                                "the route has a non_forwarding_action"));
    return true;
  }
  return false;
}

bool Router::choose_cluster(const config::ForwardAction& action, http::HeaderMap& headers) {
  route::ClusterChoice choice = route::choose_cluster(action, headers, owner_.stream_random());
  choice_weighted_ = choice.weighted;
  upstream::ClusterTable& clusters = owner_.services().clusters;
  cluster_ = choice.slot != config::ClusterRef::kNoSlot ? clusters.find(choice.slot)
             : choice.name.empty()                      ? nullptr
                                                        : clusters.find(choice.name);
  if (cluster_ != nullptr) return true;
  owner_.service().stats().no_cluster.inc();
  std::string_view cause =
      choice.name.empty()
          ? std::string_view("the request has no header that names its cluster")
          : owner_.arena().concat("the route's cluster ", choice.name, " does not exist");
  owner_.local_reply(reply_of(action.cluster_not_found_code, "", ResponseFlag::no_cluster_found,
                              "cluster_not_found", cause));
  return false;
}

void Router::prepare_headers(const config::ForwardAction& action, http::HeaderMap& headers) {
  bool envoy_headers = !owner_.service().router_options().suppress_envoy_headers;
  route::TimeoutOptions options;
  options.envoy_headers = envoy_headers;
  options.respect_expected_rq_timeout =
      owner_.service().router_options().respect_expected_rq_timeout;
  options.grpc = route::is_grpc(headers);
  timeouts_ = route::take_timeouts(action, headers, options);
  const route::RouteMatchResult& matched = owner_.matched_route();
  if (matched.host->include_request_attempt_count)
    headers.set(HeaderId::x_envoy_attempt_count, "1");
  route::MutationLevels levels{owner_.service().config().routes.get(), matched.host, route_,
                               choice_weighted_};
  route::mutate_request(levels, headers, owner_.values());
  route::rewrite_request(*route_, headers, {envoy_headers});
  // After the mutations: a route may ask for retries by the headers that it adds.
  retry_rules_ = route::take_retry_rules(action.retry.get(), headers);
  if (action.auto_host_rewrite && host_ != nullptr && !host_->endpoint->hostname.empty()) {
    route::rewrite_host(headers, host_->endpoint->hostname, action.append_x_forwarded_host,
                        {envoy_headers});
  }
}

void Router::start_mirrors(const config::ForwardAction& action, http::HeaderMap& headers,
                           bool end_stream) {
  const auto& policies =
      action.mirrors.empty() ? owner_.service().config().routes->mirrors : action.mirrors;
  for (const config::MirrorPolicy& policy : policies) {
    if (!owner_.fraction(policy.fraction)) continue;
    route::ClusterChoice choice = route::choose_cluster(policy, headers);
    upstream::ClusterTable& clusters = owner_.services().clusters;
    upstream::WorkerCluster* cluster = choice.slot != config::ClusterRef::kNoSlot
                                           ? clusters.find(choice.slot)
                                           : clusters.find(choice.name);
    if (cluster == nullptr) continue;
    mirrors_.push_back(Mirror::start(*cluster, headers, end_stream,
                                     !policy.disable_shadow_host_suffix,
                                     owner_.services().random.next(), timeouts_.global));
  }
}

// One try on a host; `fresh`: on a connection that has carried no request yet.
void Router::attempt(bool fresh) {
  if (host_ == nullptr) {
    cluster_->stats().upstream_cx_none_healthy.inc();
    std::string_view cause = owner_.arena().concat(
        "no endpoint of cluster ", cluster_->config().ref.name, " can take a request (",
        std::to_string(cluster_->host_count()), " known)");
    state_ = State::done;
    count_code(503);
    owner_.local_reply(reply_of(503, "no healthy upstream", ResponseFlag::no_healthy_upstream,
                                "no_healthy_upstream", cause));
    return;
  }
  StreamInfo& info = owner_.info();
  state_ = State::trying;
  ++info.attempt_count;
  if (info.attempt_count > 1 && owner_.matched_route().host->include_request_attempt_count) {
    headers_->set(HeaderId::x_envoy_attempt_count,
                  owner_.arena().copy(std::to_string(info.attempt_count)));
  }
  upstream_start_ = owner_.services().loop.now();
  bool headers_only = end_seen_ && !body_seen_ && trailers_ == nullptr;
  http::Protocol protocol = info.protocol.value_or(http::Protocol::http11);
  upstream_ = make_in_arena<UpstreamRequest>(
      owner_.arena(), *this, cluster_->pool(*host_, action_->high_priority, protocol), *headers_,
      headers_only, owner_.is_upgrade());
  UpstreamRequest* request = upstream_.get();
  if (body_seen_) {
    bool body_ends = end_seen_ && trailers_ == nullptr;
    request->send_body(kept_body_, body_ends);
    if (trailers_ != nullptr) request->send_trailers(*trailers_);
  }
  if (end_seen_) start_try_timers();
  if (auto limit = cluster_->config().http.max_stream_duration) duration_timer_.start(*limit);
  request->start(fresh);
}

void Router::on_request_body(Bytes body, bool end_stream) {
  end_seen_ = end_stream;
  if (state_ == State::done) return;
  body_seen_ = true;
  keep_body(body);
  for (Mirror* mirror : mirrors_) mirror->send_body(body, end_stream);
  if (upstream_ != nullptr && state_ != State::backing_off) upstream_->send_body(body, end_stream);
  if (end_stream && state_ != State::done) start_global_timeout();
}

void Router::on_request_trailers(http::HeaderMap& trailers) {
  end_seen_ = true;
  trailers_ = &trailers;
  if (state_ == State::done) return;
  for (Mirror* mirror : mirrors_) mirror->send_trailers(trailers);
  if (upstream_ != nullptr && state_ != State::backing_off) upstream_->send_trailers(trailers);
  if (state_ != State::done) start_global_timeout();
}

// The request's body is kept while another attempt may need it and as long as it fits.
void Router::keep_body(Bytes body) {
  if (body.empty() || body_lost_) return;
  if (!keep_body_ || kept_body_.size() + body.size() > buffer_limit_) {
    if (keep_body_) cluster_->stats().retry_or_shadow_abandoned.inc();
    body_lost_ = true;
    kept_body_ = {};
    return;
  }
  kept_body_.append(body);
}

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

void Router::on_upstream_connected(upstream::ClientConnection& connection, upstream::Host& host) {
  StreamInfo& info = owner_.info();
  info.upstream_remote = host.endpoint->address;
  info.upstream_hostname = host.endpoint->hostname;
  info.upstream_connection_id = connection.id();
  info.upstream_protocol = connection.protocol();
  info.upstream_local = connection.local_address();
  info.upstream_request_header_bytes = headers_->byte_size();
  info.upstream_first_sent = owner_.services().loop.now();
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
  int code = status_of(headers);
  info.response_code = code;
  per_try_timer_.cancel();
  note_upstream_activity();
  bool bad = code >= 500;
  (bad ? host_->stats.rq_error : host_->stats.rq_success).inc();
  if (retry_rules_.enabled() && route::should_retry(retry_rules_, headers, owner_.arena()) &&
      retry(true, true)) {
    count_upstream_response(cluster_->retry_stats(), code);
    return;
  }
  if (retries_ > 0 && !bad) cluster_->stats().upstream_rq_retry_success.inc();
  state_ = State::responding;
  count_code(code);
  auto elapsed = std::chrono::duration_cast<milliseconds>(now - upstream_start_).count();
  cluster_->stats().upstream_rq_time.record(static_cast<uint64_t>(elapsed));
  cluster_->origin_stats(internal_).upstream_rq_time.record(static_cast<uint64_t>(elapsed));
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
  }
  owner_.respond_headers(headers, end_stream);
}

void Router::finish_headers(http::HeaderMap& headers) {
  const route::RouteMatchResult& matched = owner_.matched_route();
  route::mutate_response(
      {owner_.service().config().routes.get(), matched.host, route_, choice_weighted_}, headers,
      owner_.values());
}

void Router::on_upstream_body(Bytes body, bool end_stream) {
  if (state_ != State::responding) return;
  owner_.info().upstream_response_body_bytes += body.size();
  note_upstream_activity();
  if (end_stream) {
    owner_.info().upstream_last_received = owner_.services().loop.now();
    state_ = State::done;
    cancel_timers();
  }
  owner_.respond_body(body, end_stream);
}

void Router::on_upstream_trailers(http::HeaderMap& trailers) {
  if (state_ != State::responding) return;
  owner_.info().upstream_last_received = owner_.services().loop.now();
  state_ = State::done;
  cancel_timers();
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
  on_upstream_blocked(false);
  ClusterStats& stats = cluster_->stats();
  if (failure.request_started) {
    host_->stats.rq_error.inc();
    if (failure.reason == http::ResetReason::remote_reset ||
        failure.reason == http::ResetReason::remote_refused_stream) {
      stats.upstream_rq_rx_reset.inc();
    }
  }
  if (!failure.response_started) {
    if (may_replay(failure)) {
      replayed_ = true;
      --owner_.info().attempt_count;  // the client's request, still its first attempt
      attempt(true);
      return;
    }
    bool wanted = retry_rules_.enabled() &&
                  route::should_retry(retry_rules_, failure.reason, failure.request_started);
    if (failure.reason == http::ResetReason::overflow)
      wanted = false;  // the breaker is there to shed load
    if (retry(wanted, false)) return;
  }
  fail(failure);
}

// The keep-alive race: the peer closed an idle connection while the request was on its way. Nothing
// was answered, and a request that is safe and whole is sent once more, on a new connection.
bool Router::may_replay(const UpstreamFailure& failure) const {
  if (replayed_ || !failure.reused_connection ||
      failure.reason != http::ResetReason::connection_termination)
    return false;
  if (body_seen_ && (body_lost_ || !end_seen_ || kept_body_.empty())) return false;
  std::string_view method = headers_->get(HeaderId::method);
  static constexpr std::string_view kIdempotent[] = {"GET",   "HEAD", "OPTIONS",
                                                     "TRACE", "PUT",  "DELETE"};
  return std::find(std::begin(kIdempotent), std::end(kIdempotent), method) !=
             std::end(kIdempotent) &&
         !owner_.is_upgrade();
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
  stats.upstream_rq_retry.inc();
  stats.upstream_rq_retry_backoff_exponential.inc();
  if (by_response) upstream_->give_up(http::ResetReason::local_reset);
  stop_try_timers();
  state_ = State::backing_off;
  per_try_timer_.start(route::retry_delay(retry_rules_, retries_, owner_.services().random.next()));
  return true;
}

void Router::on_per_try_timeout() {
  if (state_ == State::backing_off) {
    host_ = cluster_->pick_host(owner_.services().random.next());
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

void Router::fail(const UpstreamFailure& failure) {
  bool responding = state_ == State::responding;
  state_ = State::done;
  cancel_timers();
  Arena& arena = owner_.arena();
  Outcome outcome{failure_flag(failure), failure_details(failure, arena),
                  failure_cause(failure, host_->endpoint->address.text(), arena)};
  if (failure.reason == http::ResetReason::connection_failure) {
    owner_.info().upstream_transport_failure_reason =
        arena.concat("delayed connect error: ", failure.detail);
    owner_.info().upstream_remote = host_->endpoint->address;
  }
  if (responding) {
    owner_.service().stats().rq_reset_after_downstream_response_started.inc();
    owner_.respond_reset(outcome, failure.reason);
    return;
  }
  int code = failure.reason == http::ResetReason::protocol_error ? 502 : 503;
  count_code(code);
  LocalReply reply{code, failure_body(failure, retries_, arena), outcome, -1};
  reply.overloaded = failure.reason == http::ResetReason::overflow;
  owner_.local_reply(reply);
}

void Router::count_code(int code) {
  count_upstream_response(cluster_->stats(), code);
  count_upstream_response(cluster_->origin_stats(internal_), code);
}

void Router::abandon() {
  state_ = State::done;
  cancel_timers();
  if (upstream_ != nullptr) upstream_->give_up(http::ResetReason::local_reset);
  if (retry_counted_) {
    cluster_->limits(action_->high_priority).retries.give();
    cluster_->note_limits(action_->high_priority);
    retry_counted_ = false;
  }
  for (Mirror* mirror : mirrors_) mirror->original_ended();
  mirrors_.clear();
}

}  // namespace outrigger::stream
