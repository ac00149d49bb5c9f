#include "proxy/stream/stream.h"

#include <utility>

#include "proxy/observe/log_context.h"
#include "proxy/observe/substitution.h"
#include "proxy/route/timeout.h"
#include "proxy/stream/filter_slot.h"
#include "proxy/stream/forwarding_headers.h"
#include "proxy/stream/http_service.h"
#include "proxy/stream/local_reply.h"
#include "proxy/stream/request_admission.h"
#include "proxy/stream/response_codes.h"

namespace outrigger::stream {

using http::HeaderId;
using runtime::Timer;
using std::chrono::milliseconds;

Stream::Stream(HttpConnection& connection, http::StreamEncoder& encoder)
    : connection_(connection),
      encoder_(&encoder),
      arena_(connection.services().loop.chunks()),
      chain_(*this, arena_),
      router_(*this, connection.services().loop.timers()),
      random_(connection.services().random.next()),
      buffer_limit_(connection.service().listener().buffer_limit_bytes),
      idle_timeout_(connection.service().config().stream_idle_timeout),
      idle_timer_(connection.services().loop.timers(),
                  Timer::call<&Stream::on_idle_timeout, Stream>(), this),
      request_timer_(connection.services().loop.timers(),
                     Timer::call<&Stream::on_request_timeout, Stream>(), this),
      headers_or_duration_timer_(connection.services().loop.timers(),
                                 Timer::call<&Stream::on_headers_timeout_or_duration, Stream>(),
                                 this) {
  info_.connection = &connection.info();
  info_.start = connection.services().loop.now();
  info_.start_time = connection.services().loop.system_now();
  info_.downstream_remote = connection.info().remote;
  info_.protocol = connection.protocol();
  service().stats().downstream_rq_total.inc();
  service().stats().downstream_rq_active.inc();
  start_timers();
}

Stream::~Stream() = default;

void Stream::start_timers() {
  const config::HttpConnectionManager& config = service().config();
  if (idle_timeout_.count() > 0) idle_timer_.start(idle_timeout_);
  if (config.request_timeout.count() > 0) request_timer_.start(config.request_timeout);
  if (config.request_headers_timeout.count() > 0)
    headers_or_duration_timer_.start(config.request_headers_timeout);
}

// --- the request ---

void Stream::on_headers(http::HeaderMap& headers, bool end_stream) {
  if (ended_ || replied_) return;
  request_headers_ = &headers;
  info_.protocol = connection_.protocol();
  info_.request_header_bytes = headers.byte_size();
  bool http2 = *info_.protocol == http::Protocol::http2;
  (http2 ? service().stats().downstream_rq_http2_total
         : service().stats().downstream_rq_http1_total)
      .inc();
  headers_or_duration_timer_.cancel();
  note_activity();
  head_request_ = headers.get(HeaderId::method) == "HEAD";
  grpc_ = route::is_grpc(headers);
  if (end_stream) note_request_end();
  admit();
  if (!request_abandoned()) chain_.request_headers(headers, end_stream);
}

void Stream::admit() {
  http::HeaderMap& headers = *request_headers_;
  const config::HttpConnectionManager& config = service().config();
  const ServerState& server = services().server;
  if (server.draining.load(std::memory_order_relaxed) ||
      server.health_check_failed.load(std::memory_order_relaxed)) {
    connection_.close_after_response();
  }
  if (std::optional<Refusal> refusal =
          admit_request(config, info_.connection->local.port(), headers, service().stats())) {
    if (refusal->location.empty()) {
      local_reply(refusal->reply);
      return;
    }
    auto* response = arena_.make<http::HeaderMap>(arena_);
    response->add(HeaderId::status, "307");
    response->add(HeaderId::location, refusal->location);
    replied_ = true;
    info_.details = refusal->reply.outcome.details;
    encode_headers(*response, true);
    return;
  }
  bool upgrade_wanted = enter_upgrade(headers);
  remove_hop_by_hop(headers, upgrade_wanted);
  apply_forwarding_headers(config, *info_.connection, headers, info_, services().random);
  if (headers.has(HeaderId::expect) && !config.proxy_100_continue) {
    if (http::equals_ignore_case(headers.get(HeaderId::expect), "100-continue") &&
        !request_complete_) {
      auto* go_on = arena_.make<http::HeaderMap>(arena_);
      go_on->add(HeaderId::status, "100");
      encoder_->send_informational(*go_on);
    }
    headers.remove(HeaderId::expect);
  }
  matched_route();
  if (matched_.route != nullptr) {
    if (const config::ForwardAction* action = matched_.route->forward()) {
      if (action->idle_timeout) {
        idle_timeout_ = *action->idle_timeout;
        note_activity();
      }
      auto duration = route::take_stream_duration(*action, config.max_stream_duration, headers);
      if (duration && duration->count() > 0) headers_or_duration_timer_.start(*duration);
    }
    const auto& limit = matched_.route->request_buffer_limit ? matched_.route->request_buffer_limit
                                                             : matched_.host->request_buffer_limit;
    if (limit) buffer_limit_ = *limit;
  } else if (config.max_stream_duration.count() > 0) {
    headers_or_duration_timer_.start(config.max_stream_duration);
  }
  if (upgrade_wanted && !upgrade_) {
    service().stats().downstream_rq_ws_on_non_ws_route.inc();
    local_reply(
        {403, "", {{}, "upgrade_failed", "no upgrade_configs entry allows this upgrade"}, -1});
    return;
  }
  make_filters();
}

// True: the request asks for an upgrade or a tunnel. HTTP/2's form is brought into HTTP/1's, so
// that filters and routes see one form.
bool Stream::enter_upgrade(http::HeaderMap& headers) {
  bool http2 = *info_.protocol == http::Protocol::http2;
  bool connect = headers.get(HeaderId::method) == "CONNECT";
  std::string_view type;
  if (connect && headers.has(HeaderId::protocol)) {
    type = headers.get(HeaderId::protocol);
    extended_connect_ = true;
    headers.set(HeaderId::method, "GET");
    headers.set(HeaderId::upgrade, type);
    headers.set(HeaderId::connection, "upgrade");
    headers.remove(HeaderId::protocol);
  } else if (connect) {
    type = "connect";
  } else if (!http2 && headers.has(HeaderId::upgrade) &&
             http::has_token(headers.get(HeaderId::connection), "upgrade")) {
    type = headers.get(HeaderId::upgrade);
  }
  if (type.empty()) return false;
  upgrade_ = true;  // as far as the client is concerned; the route decides
  auto decide = [&](const std::vector<config::UpgradeConfig>& configs,
                    std::optional<bool>& allowed) {
    for (const config::UpgradeConfig& entry : configs) {
      if (http::equals_ignore_case(entry.type, type)) allowed = entry.enabled;
    }
  };
  std::optional<bool> allowed;
  decide(service().config().upgrades, allowed);
  matched_route();
  const config::ForwardAction* action =
      matched_.route == nullptr ? nullptr : matched_.route->forward();
  if (action != nullptr) decide(action->upgrades, allowed);
  upgrade_ = allowed.value_or(false);
  // h2c by upgrade is not offered: the request is served as if it had not asked (RFC 9110, 7.8).
  if (!upgrade_ && http::equals_ignore_case(type, "h2c")) return false;
  return true;
}

const route::RouteMatchResult& Stream::matched_route() {
  if (route_matched_) return matched_;
  route_matched_ = true;
  route::RouteInput input{*request_headers_, arena_, random_, this};
  matched_ = route::match(*service().config().routes, input);
  info_.route = matched_.route;
  info_.virtual_host = matched_.host;
  return matched_;
}

void Stream::make_filters() {
  const config::HttpConnectionManager& config = service().config();
  auto count = static_cast<unsigned>(config.filters.size() - 1);  // the last is the router: router_
  if (count == 0) return;
  chain_.reserve(count);
  for (unsigned i = 0; i < count; ++i) {
    const config::HttpFilterEntry& entry = config.filters[i];
    bool disabled = entry.disabled;
    auto apply = [&](const config::PerFilterConfig& level) {
      if (const auto* found = level.find(entry.name)) disabled = found->disabled;
    };
    apply(config.routes->per_filter);
    if (matched_.host != nullptr) apply(matched_.host->per_filter);
    if (matched_.route != nullptr) apply(matched_.route->per_filter);
    if (disabled) continue;
    chain_.add(
        *arena_.make<FilterSlot>(*this, chain_.size(), entry, entry.factory->create(arena_)));
  }
}

void Stream::on_body(Bytes body, bool end_stream) {
  if (ended_) return;
  info_.request_body_bytes += body.size();
  note_activity();
  if (end_stream) note_request_end();
  if (!replied_) chain_.request_body(body, end_stream);
}

void Stream::on_trailers(http::HeaderMap& trailers) {
  if (ended_) return;
  request_trailers_ = &trailers;
  note_activity();
  note_request_end();
  if (!replied_) chain_.request_trailers(trailers);
}

void Stream::note_request_end() {
  request_complete_ = true;
  info_.request_end = services().loop.now();
  request_timer_.cancel();
}

void Stream::note_activity() {
  if (idle_timeout_.count() > 0) idle_timer_.start(idle_timeout_);
}

// --- the response ---

void Stream::respond_informational(http::HeaderMap& headers) {
  if (ended_ || response_headers_sent_ || encoder_ == nullptr) return;
  if (headers.get(HeaderId::status) == "100" && !service().config().proxy_100_continue)
    return;  // it was sent at once
  encoder_->send_informational(headers);
}

void Stream::respond_headers(http::HeaderMap& headers, bool end_stream) {
  if (ended_) return;
  remove_hop_by_hop(headers, upgrade_ && headers.get(HeaderId::status) == "101");
  chain_.response_headers(headers, end_stream);
}

void Stream::respond_body(Bytes body, bool end_stream) {
  if (!ended_) chain_.response_body(body, end_stream);
}

void Stream::respond_trailers(http::HeaderMap& trailers) {
  if (!ended_) chain_.response_trailers(trailers);
}

void Stream::respond_reset(const Outcome& outcome, http::ResetReason) {
  give_up(outcome, http::ResetReason::local_reset);
}

void Stream::encode_headers(http::HeaderMap& headers, bool end_stream) {
  if (ended_ || response_headers_sent_ || encoder_ == nullptr) return;
  const config::HttpConnectionManager& config = service().config();
  response_headers_ = &headers;
  int code = status_of(headers);
  info_.response_code = code;
  if (!headers.has(HeaderId::date) || !local_) {
    if (!headers.has(HeaderId::date))
      headers.set(HeaderId::date, arena_.copy(services().date.at(services().loop.system_now())));
  }
  switch (config.server_header) {
    case config::ServerHeader::overwrite:
      headers.set(HeaderId::server, config.server_name);
      break;
    case config::ServerHeader::append_if_absent:
      if (!headers.has(HeaderId::server)) headers.set(HeaderId::server, config.server_name);
      break;
    case config::ServerHeader::pass_through:
      break;
  }
  append_via(headers, config.via);
  if (config.always_set_request_id_in_response && !info_.request_id.empty())
    headers.set(HeaderId::x_request_id, info_.request_id);
  tunnel_ = upgrade_ && (code == 101 ||
                         (code / 100 == 2 && request_headers_->get(HeaderId::method) == "CONNECT"));
  if (tunnel_) {
    service().stats().downstream_cx_upgrades_total.inc();
    service().stats().downstream_cx_upgrades_active.inc();
    if (extended_connect_) {  // back into HTTP/2's form
      headers.set(HeaderId::status, "200");
      headers.remove(HeaderId::upgrade);
      headers.remove(HeaderId::connection);
    }
  }
  info_.response_header_bytes = headers.byte_size();
  info_.response_first_sent = services().loop.now();
  response_headers_sent_ = true;
  if (end_stream) response_complete_ = true;
  note_activity();
  count_response(code);
  encoder_->send_headers(headers, end_stream);
  if (end_stream) finish_response();
}

void Stream::encode_body(Bytes body, bool end_stream) {
  if (ended_ || encoder_ == nullptr) return;
  info_.response_body_bytes += body.size();
  note_activity();
  if (end_stream) response_complete_ = true;
  encoder_->send_body(body, end_stream);
  if (end_stream) finish_response();
}

void Stream::encode_trailers(http::HeaderMap& trailers) {
  if (ended_ || encoder_ == nullptr) return;
  response_trailers_ = &trailers;
  response_complete_ = true;
  encoder_->send_trailers(trailers);
  finish_response();
}

// The codec has the last octet of the response. HTTP/2 may keep it until the client's window opens:
// then the stream lives on until on_stream_closed(), watched by the idle timeout alone.
void Stream::finish_response() {
  if (ended_) return;
  headers_or_duration_timer_.cancel();
  if (encoder_ != nullptr && request_complete_ && !connection_.codec_finished()) return;
  if (encoder_ != nullptr) {
    // Nobody waits for the rest of the request, or, in a tunnel, for what the client still has to
    // say.
    if (!request_complete_ && !tunnel_)
      service().stats().downstream_rq_response_before_rq_complete.inc();
    http::StreamEncoder* encoder = std::exchange(encoder_, nullptr);
    encoder->reset(http::ResetReason::local_reset);
  }
  info_.response_last_sent = services().loop.now();
  end();
}

void Stream::count_response(int code) {
  static constexpr Counter HttpStats::*kClasses[5] = {
      &HttpStats::downstream_rq_1xx, &HttpStats::downstream_rq_2xx, &HttpStats::downstream_rq_3xx,
      &HttpStats::downstream_rq_4xx, &HttpStats::downstream_rq_5xx};
  static constexpr Counter ListenerHttpStats::*kListenerClasses[5] = {
      &ListenerHttpStats::downstream_rq_1xx, &ListenerHttpStats::downstream_rq_2xx,
      &ListenerHttpStats::downstream_rq_3xx, &ListenerHttpStats::downstream_rq_4xx,
      &ListenerHttpStats::downstream_rq_5xx};
  if (info_.health_check) return;
  if (Counter* counter = class_counter(code, kClasses, service().stats())) counter->inc();
  if (Counter* counter = class_counter(code, kListenerClasses, service().listener_http_stats()))
    counter->inc();
  service().stats().downstream_rq_completed.inc();
  service().listener_http_stats().downstream_rq_completed.inc();
}

// --- local replies and ends ---

void Stream::local_reply(const LocalReply& reply) {
  if (ended_) return;
  info_.set_outcome(reply.outcome);
  if (reply.outcome.details == "request_payload_too_large")
    service().stats().downstream_rq_too_large.inc();
  if (reply.outcome.details == "response_payload_too_large") service().stats().rs_too_large.inc();
  if (response_headers_sent_) {
    give_up(reply.outcome, http::ResetReason::local_reset);
    return;
  }
  bool replaces_response = replied_ || response_headers_ != nullptr;
  replied_ = true;
  local_ = true;
  router_.abandon();
  info_.response_code = reply.code;
  LocalReplyRequest request{
      reply,        service().config().local_reply.get(), info_, request_headers_, *this, grpc_,
      head_request_};
  LocalResponse response = make_local_response(request, arena_);
  if (matched_.route != nullptr && reply.outcome.details == "direct_response") {
    route::mutate_response(
        {service().config().routes.get(), matched_.host, matched_.route, nullptr},
        *response.headers, *this);
  }
  local_body_ = response.body;
  response_headers_ = response.headers;
  if (replaces_response) {
    encode_headers(*response.headers, response.body.empty());
    if (!response.body.empty()) encode_body(response.body, true);
    return;
  }
  chain_.response_headers(*response.headers, response.body.empty());
  if (!response.body.empty() && !ended_) chain_.response_body(response.body, true);
}

void Stream::filter_reset(const Outcome& outcome) {
  give_up(outcome, http::ResetReason::local_reset);
}

void Stream::give_up(const Outcome& outcome, http::ResetReason reason) {
  if (ended_) return;
  info_.set_outcome(outcome);
  service().stats().downstream_rq_tx_reset.inc();
  if (encoder_ != nullptr) {
    http::StreamEncoder* encoder = std::exchange(encoder_, nullptr);
    encoder->reset(reason);
  }
  end();
}

void Stream::on_protocol_error(int status, std::string_view detail) {
  if (ended_ || replied_) return;
  info_.protocol = connection_.protocol();
  service().stats().downstream_cx_protocol_error.inc();
  std::string_view body = status == 400   ? "Bad Request"
                          : status == 426 ? "Upgrade Required"
                          : status == 431 ? "Request Header Fields Too Large"
                          : status == 501 ? "Not Implemented"
                                          : "";
  request_complete_ = true;  // nothing more of it will be understood
  std::string_view cause = arena_.concat("the client's request is not valid HTTP: ", detail);
  // A request without a host is understood, only not served: Envoy does not count it as a protocol
  // error.
  ResponseFlags flags;
  if (detail != "missing_host_header") flags.set(ResponseFlag::downstream_protocol_error);
  local_reply({status, body, {flags, arena_.copy(detail), cause}, -1});
}

void Stream::on_reset(http::ResetReason reason, std::string_view detail) {
  encoder_ = nullptr;
  if (ended_) return;
  bool by_connection = reason == http::ResetReason::connection_termination ||
                       reason == http::ResetReason::local_reset;
  if (reason == http::ResetReason::protocol_error) {
    info_.set_outcome({ResponseFlag::downstream_protocol_error, arena_.copy(detail),
                       "the client broke the protocol"});
  } else if (by_connection) {
    info_.set_outcome({ResponseFlag::downstream_connection_termination,
                       "downstream_remote_disconnect",
                       "the client closed the connection before the response was complete"});
  } else {
    service().stats().downstream_rq_rx_reset.inc();
    info_.set_outcome({ResponseFlag::downstream_remote_reset,
                       detail.empty() ? "downstream_remote_reset" : arena_.copy(detail),
                       "the client reset the stream"});
  }
  end();
}

void Stream::on_connection_gone(bool by_remote, std::string_view) {
  encoder_ = nullptr;
  if (ended_) return;
  on_reset(by_remote ? http::ResetReason::connection_termination : http::ResetReason::local_reset,
           "");
}

void Stream::on_stream_closed() {
  encoder_ = nullptr;
  if (ended_ || !response_complete_) return;
  info_.response_last_sent = services().loop.now();
  end();
}

void Stream::on_write_blocked() {
  if (!ended_) router_.pause_response(true);
}

void Stream::on_write_resumed() {
  if (!ended_) router_.pause_response(false);
}

void Stream::pause_request(bool pause) {
  if (ended_ || encoder_ == nullptr) return;
  request_pauses_ += pause ? 1u : ~0u;
  encoder_->pause_reading(pause);
}

void Stream::end() {
  if (ended_) return;
  ended_ = true;
  idle_timer_.cancel();
  request_timer_.cancel();
  headers_or_duration_timer_.cancel();
  router_.abandon();
  info_.end = services().loop.now();
  HttpStats& stats = service().stats();
  stats.downstream_rq_active.dec();
  if (tunnel_) stats.downstream_cx_upgrades_active.dec();
  auto duration = std::chrono::duration_cast<milliseconds>(*info_.end - info_.start).count();
  stats.downstream_rq_time.record(static_cast<uint64_t>(duration));
  chain_.on_stream_end();
  log();
  connection_.remove_stream(*this);
}

void Stream::log() {
  observe::LogContext context{info_, request_headers_, response_headers_, response_trailers_};
  context.local_reply_body = local_body_;
  context.type = observe::AccessLogType::downstream_end;
  context.hostname = services().hostname;
  service().access_log().log(context);
}

// --- time ---

void Stream::on_idle_timeout() {
  if (response_complete_) {  // all that is missing is the client's window
    service().http2_stats().tx_flush_timeout.inc();
    http::StreamEncoder* encoder = std::exchange(encoder_, nullptr);
    if (encoder != nullptr) encoder->reset(http::ResetReason::local_reset);
    end();
    return;
  }
  service().stats().downstream_rq_idle_timeout.inc();
  Outcome outcome{
      ResponseFlag::stream_idle_timeout, "stream_idle_timeout",
      arena_.concat("nothing moved on the stream for ", std::to_string(idle_timeout_.count()),
                    " ms (stream_idle_timeout)")};
  if (response_headers_sent_) {
    give_up(outcome, http::ResetReason::local_reset);
  } else {
    local_reply({request_complete_ ? 504 : 408, "stream timeout", outcome, -1});
  }
}

void Stream::on_request_timeout() {
  service().stats().downstream_rq_timeout.inc();
  local_reply({408,
               "request timeout",
               {{},
                "request_overall_timeout",
                "the client did not send its whole request within request_timeout"},
               -1});
}

void Stream::on_headers_timeout_or_duration() {
  if (request_headers_ == nullptr) {
    service().stats().downstream_rq_header_timeout.inc();
    local_reply({408,
                 "request header timeout",
                 {{},
                  "request_header_timeout",
                  "the client did not send the request's headers within request_headers_timeout"},
                 -1});
    return;
  }
  service().stats().downstream_rq_max_duration_reached.inc();
  Outcome outcome{{}, "max_duration_timeout", "the stream reached its max_stream_duration"};
  if (response_headers_sent_) {
    give_up(outcome, http::ResetReason::local_reset);
  } else {
    local_reply({request_complete_ ? 504 : 408, "downstream duration timeout", outcome, -1});
  }
}

// --- what filters and the router ask ---

std::string_view Stream::value(const config::SubstitutionFormat& format) {
  observe::LogContext context{info_, request_headers_, response_headers_, response_trailers_};
  context.hostname = services().hostname;
  return observe::evaluate_to_arena(format, context, arena_);
}

bool Stream::chosen(const config::RuntimeFraction& fraction, uint64_t random) const {
  uint32_t share = fraction.per_million;
  if (!fraction.runtime_key.empty())
    share = connection_.services().runtime->per_million(fraction.runtime_key, share);
  return random % 1'000'000 < share;
}

bool Stream::fraction(const config::RuntimeFraction& fraction) {
  return chosen(fraction, services().random.next());
}

http::HeaderMap& Stream::add_trailers(Direction direction) {
  http::HeaderMap*& trailers =
      direction == Direction::request ? request_trailers_ : response_trailers_;
  if (trailers == nullptr) trailers = arena_.make<http::HeaderMap>(arena_);
  return *trailers;
}

}  // namespace outrigger::stream
