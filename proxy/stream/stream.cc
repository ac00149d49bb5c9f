#include "proxy/stream/stream.h"

#include <utility>

#include "proxy/observe/log_context.h"
#include "proxy/observe/substitution.h"
#include "proxy/route/timeout.h"
#include "proxy/stream/filter_slot.h"
#include "proxy/stream/forwarding_headers.h"
#include "proxy/stream/http_service.h"
#include "proxy/stream/local_reply.h"
#include "proxy/stream/missing_filter.h"
#include "proxy/stream/on_demand_filter.h"
#include "proxy/stream/request_admission.h"
#include "proxy/stream/response_codes.h"

namespace outrigger::stream {

using http::HeaderId;
using runtime::Timer;
using std::chrono::milliseconds;

namespace {

// While route discovery has found nothing, nothing matches.
const std::shared_ptr<const config::RouteTable>& no_routes() {
  static const auto kNone = std::make_shared<const config::RouteTable>();
  return kNone;
}

// Is this the last request of its connection, for the sake of the process or the listener?
bool connection_should_end(HttpService& service) {
  const ServerState& server = service.services().server;
  const config::Listener& listener = service.listener();
  if (server.draining.load(std::memory_order_relaxed)) return true;
  if (server.health_check_failed.load(std::memory_order_relaxed) &&
      listener.drain == config::Listener::Drain::default_)
    return true;
  return server.ramp.closes(listener.direction == config::Listener::Direction::inbound,
                            service.services().loop.now(),
                            [&service] { return service.services().random.next(); });
}

}  // namespace

Stream::Stream(HttpConnection& connection, http::StreamEncoder& encoder)
    : connection_(connection),
      encoder_(&encoder),
      arena_(connection.services().loop.chunks()),
      chain_(*this, arena_),
      router_(*this, connection.services().loop.timers()),
      routes_(connection.service().routes()),
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
  if (routes_ == nullptr) routes_ = no_routes();
  service().stats().downstream_rq_total.inc();
  service().stats().downstream_rq_active.inc();
  start_timers();
}

// The arena gives memory back without destroying what is in it, and an attempt's address may share
// memory of its own.
Stream::~Stream() {
  for (UpstreamAttempt* attempt = info_.first_attempt; attempt != nullptr;) {
    UpstreamAttempt* next = attempt->next;
    attempt->~UpstreamAttempt();
    attempt = next;
  }
}

void Stream::start_timers() {
  const config::HttpConnectionManager& config = service().config();
  if (idle_timeout_.count() > 0) idle_timer_.start(idle_timeout_);
  if (config.request_timeout.count() > 0) request_timer_.start(config.request_timeout);
  if (config.request_headers_timeout.count() > 0)
    headers_or_duration_timer_.start(config.request_headers_timeout);
}

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
  if (service().scopes() != nullptr) choose_scope();
  const config::HttpConnectionManager& config = service().config();
  if (connection_should_end(service())) connection_.close_after_response();
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
  if (!redirected_) {
    if (!config.early_headers.empty()) route::apply(config.early_headers, headers, *this);
    auto rejection = apply_forwarding_headers(config, route_table(), *info_.connection, headers,
                                              info_, services().random, services().local_ip);
    if (rejection) {
      service().stats().downstream_rq_rejected_via_ip_detection.inc();
      local_reply(
          {*rejection,
           "",
           {{}, "rejecting_because_detection_failed", "the request does not say who its client is"},
           -1});
      return;
    }
    if (config.add_user_agent) add_user_agent(services().node, headers);
  }
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
  start_logging();
  make_filters();
}

// The lines that do not wait for the stream's end.
void Stream::start_logging() {
  const config::HttpConnectionManager& config = service().config();
  if (config.log_on_new_request) log(config::AccessLogType::downstream_start);
  if (config.log_interval.count() == 0) return;
  log_timer_.emplace(services().loop.timers(), Timer::call<&Stream::on_log_interval, Stream>(),
                     this);
  log_timer_->start(config.log_interval);
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

// The request's scope may have changed with its headers.
void Stream::choose_scope() {
  std::shared_ptr<const config::RouteTable> table = service().scopes()->find(*request_headers_);
  use_routes(table == nullptr ? no_routes() : std::move(table));
}

void Stream::refresh_routes() {
  clear_route();
  const auto& table = service().routes();
  if (service().scopes() == nullptr) use_routes(table == nullptr ? no_routes() : table);
}

// What was matched against before stays: filters may refer to it.
void Stream::use_routes(std::shared_ptr<const config::RouteTable> table) {
  if (table == routes_) return;
  if (routes_ != no_routes()) past_routes_.push_back(std::move(routes_));
  routes_ = std::move(table);
}

const route::RouteMatchResult& Stream::matched_route() {
  if (route_matched_) return matched_;
  route_matched_ = true;
  if (service().scopes() != nullptr) choose_scope();
  route::RouteInput input{*request_headers_, arena_, random_, this, &info_};
  matched_ = route::match(route_table(), input);
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
    if (!is_disabled(config.filters[i])) add_filter(i);
  }
}

bool Stream::is_disabled(const config::HttpFilterEntry& entry) {
  bool disabled = entry.disabled;
  auto apply = [&](const config::PerFilterConfig& level) {
    if (const auto* found = level.find(entry.name)) disabled = found->disabled;
  };
  apply(route_table().per_filter);
  if (matched_.host != nullptr) apply(matched_.host->per_filter);
  if (matched_.route != nullptr) apply(matched_.route->per_filter);
  if (matched_.cluster.weighted != nullptr) apply(matched_.cluster.weighted->per_filter);
  return disabled;
}

void Stream::add_filter(unsigned at) {
  const config::HttpFilterEntry& entry = service().config().filters[at];
  std::shared_ptr<const HttpFilterFactory> discovered;
  const HttpFilterFactory* factory = entry.factory.get();
  if (entry.discovered != nullptr) {
    discovered = service().discovered_filter(at);
    factory = discovered.get();
  }
  ArenaPtr<HttpFilter> filter;
  if (factory == nullptr) {
    filter = ArenaPtr<HttpFilter>(arena_.make<MissingFilter>());
  } else if (service().on_demand_filter() == at) {
    filter = ArenaPtr<HttpFilter>(arena_.make<OnDemandFilter>(*this, service().on_demand()));
  } else if (const auto* on_demand = dynamic_cast<const OnDemandFactory*>(discovered.get())) {
    filter = ArenaPtr<HttpFilter>(arena_.make<OnDemandFilter>(*this, *on_demand));
  } else {
    filter = factory->create(arena_);
  }
  chain_.add(*arena_.make<FilterSlot>(*this, chain_.size(), entry, std::move(discovered),
                                      std::move(filter)));
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

std::string_view Stream::value(const config::SubstitutionFormat& format) {
  const http::HeaderMap* response =
      response_headers_ != nullptr ? response_headers_ : shown_response_;
  observe::LogContext context{info_, request_headers_, response, response_trailers_};
  context.hostname = services().hostname;
  return observe::evaluate_to_arena(format, context, arena_);
}

bool Stream::chosen(const config::RuntimeFraction& fraction, uint64_t random) const {
  uint32_t share = fraction.per_million;
  if (!fraction.runtime_key.empty())
    share = connection_.services().runtime->per_million(fraction.runtime_key, share);
  return random % 1'000'000 < share;
}

std::string_view Stream::render(const config::LogFormat& format,
                                std::string_view local_reply_body) {
  observe::LogContext context{info_, request_headers_, response_headers_, response_trailers_};
  context.hostname = services().hostname;
  context.local_reply_body = local_reply_body;
  return observe::evaluate_to_arena(format, context, arena_);
}

uint64_t Stream::number(std::string_view key, uint64_t fallback) const {
  return connection_.services().runtime->number(key, fallback);
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
