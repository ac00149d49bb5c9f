#include "filters/http/fault/filter.h"

#include <algorithm>
#include <limits>
#include <string>

#include "filters/http/fault/fault_headers.h"

namespace outrigger::filters::fault {

using http::HeaderId;

namespace {

std::optional<uint64_t> number_in(const http::HeaderMap& headers, std::string_view name) {
  uint64_t number = 0;
  if (!http::parse_decimal(headers.get(name), number)) return std::nullopt;
  return number;
}

bool is_http_status(uint64_t code) {
  return code >= 200 && code < 600;
}

bool is_grpc_status(uint64_t code) {
  return code <= uint64_t{std::numeric_limits<int>::max()};
}

}  // namespace

Verdict FaultFilter::on_request_headers(FilterContext& context, http::HeaderMap& headers, bool) {
  settings_ = &factory_.settings();
  if (const auto* route = static_cast<const FaultRouteConfig*>(context.route_config())) {
    settings_ = &route->settings;
  }
  if (settings_->injects_nothing() || !concerns(context, headers)) return Verdict::next();
  if (const auto* cluster = headers.find(HeaderId::x_envoy_downstream_service_cluster)) {
    downstream_cluster_ = cluster->value;
  }
  set_up_rate_limit(context);
  if (start_delay(context)) return Verdict::wait();
  if (auto status = draw_abort(context); status && activate(context)) {
    return Verdict::reply(abort(context, *status));
  }
  return Verdict::next();
}

bool FaultFilter::concerns(FilterContext& context, const http::HeaderMap& headers) const {
  if (!settings_->upstream_cluster.empty() &&
      context.route_cluster() != settings_->upstream_cluster) {
    return false;
  }
  const auto& nodes = settings_->downstream_nodes;
  if (!nodes.empty()) {
    const auto* node = headers.find(HeaderId::x_envoy_downstream_service_node);
    if (node == nullptr || std::find(nodes.begin(), nodes.end(), node->value) == nodes.end()) {
      return false;
    }
  }
  return settings_->headers.empty() || context.request_matches(settings_->headers);
}

void FaultFilter::set_up_rate_limit(FilterContext& context) {
  const auto& limit = settings_->rate_limit;
  if (!limit || !drawn(context, limit->chance, {})) return;
  std::optional<uint64_t> rate = limit->kib_per_second;
  if (!rate) rate = number_in(context.request_headers(), header::kThroughput);
  if (rate.value_or(0) == 0 || !activate(context)) return;
  factory_.counters().local(context.worker()).response_rl_injected.inc();
  bucket_.emplace(*rate, context.now());
}

bool FaultFilter::start_delay(FilterContext& context) {
  const auto& delay = settings_->delay;
  if (!delay ||
      !drawn(context, delay->chance, downstream_key(context, ".delay.fixed_delay_percent"))) {
    return false;
  }
  std::optional<uint64_t> milliseconds;
  if (delay->fixed) {
    milliseconds = static_cast<uint64_t>(delay->fixed->count());
  } else {
    milliseconds = number_in(context.request_headers(), header::kDelay);
  }
  if (!milliseconds) return false;
  uint64_t duration = context.runtime_value(settings_->delay_duration_key, *milliseconds);
  if (auto key = downstream_key(context, ".delay.fixed_duration_ms"); !key.empty()) {
    duration = context.runtime_value(key, duration);
  }
  if (duration == 0 || !activate(context)) return false;

  duration = std::min(duration, static_cast<uint64_t>(kMaxDelay.count()));
  context.start_timer(kDelayTimer, std::chrono::milliseconds(duration));
  factory_.counters().local(context.worker()).delays_injected.inc();
  count_downstream(context, &DownstreamFaultStats::delays_injected);
  context.info().flags.set(ResponseFlag::delay_injected);
  return true;
}

void FaultFilter::on_timer(FilterContext& context, unsigned tag) {
  if (tag == kDelayTimer) {
    after_delay(context);
  } else {
    let_pass(context);
  }
}

void FaultFilter::after_delay(FilterContext& context) {
  if (auto status = draw_abort(context)) {
    context.reply(abort(context, *status));
    return;
  }
  // The delay is over; a response that may be throttled still counts.
  if (!settings_->rate_limit) deactivate(context);
  context.resume_request();
}

std::optional<FaultFilter::AbortStatus> FaultFilter::draw_abort(FilterContext& context) const {
  const auto& abort = settings_->abort;
  if (!abort || !drawn(context, abort->chance, downstream_key(context, ".abort.abort_percent"))) {
    return std::nullopt;
  }
  return abort_status(context);
}

std::optional<FaultFilter::AbortStatus> FaultFilter::abort_status(FilterContext& context) const {
  const Abort& abort = *settings_->abort;
  // The downstream cluster's own key comes before the general one.
  auto overridden = [&](const std::string& key, std::string_view own_end, uint64_t value) {
    std::string_view own = downstream_key(context, own_end);
    return context.runtime_value(own.empty() ? std::string_view(key) : own, value);
  };
  std::optional<uint64_t> http = abort.http_status;
  if (abort.by_header) http = number_in(context.request_headers(), header::kAbort);
  if (http && is_http_status(*http)) {
    uint64_t status = overridden(settings_->http_status_key, ".abort.http_status", *http);
    return AbortStatus{static_cast<int>(is_http_status(status) ? status : *http), -1};
  }
  std::optional<uint64_t> grpc = abort.grpc_status;
  if (abort.by_header) grpc = number_in(context.request_headers(), header::kAbortGrpc);
  if (grpc && is_grpc_status(*grpc)) {
    uint64_t status = overridden(settings_->grpc_status_key, ".abort.grpc_status", *grpc);
    return AbortStatus{200, static_cast<int>(is_grpc_status(status) ? status : *grpc)};
  }
  return std::nullopt;
}

LocalReply FaultFilter::abort(FilterContext& context, const AbortStatus& status) {
  factory_.counters().local(context.worker()).aborts_injected.inc();
  count_downstream(context, &DownstreamFaultStats::aborts_injected);
  LocalReply reply;
  reply.code = status.http;
  reply.grpc_status = status.grpc;
  reply.body = "fault filter abort";
  reply.outcome = {ResponseFlag::fault_injected, "fault_filter_abort",
                   "the fault filter aborted the request, as it is configured to"};
  return reply;
}

Verdict FaultFilter::on_response_body(FilterContext& context, std::string_view body, bool) {
  if (!bucket_) return Verdict::next();
  if (bucket_->has(body.size(), context.now())) {
    bucket_->take(body.size(), context.now());
    return Verdict::next();
  }
  waiting_octets_ = body.size();
  // A part of the piece may pass at once, but not before this call returns.
  context.start_timer(kRateTimer, std::chrono::milliseconds(0));
  return Verdict::wait();
}

void FaultFilter::let_pass(FilterContext& context) {
  size_t octets = bucket_->take(waiting_octets_, context.now());
  waiting_octets_ -= octets;
  if (waiting_octets_ == 0) {
    context.resume_response();
    return;
  }
  context.start_timer(kRateTimer, RateBucket::kStep);
  if (octets != 0) context.release_response(octets);
}

void FaultFilter::on_stream_end(FilterContext& context) {
  deactivate(context);
}

// A stream counts as one active fault, however many were drawn for it.
bool FaultFilter::activate(FilterContext& context) {
  if (active_) return true;
  FaultStats& stats = factory_.counters().local(context.worker());
  constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();
  uint64_t limit = context.runtime_value(settings_->max_active_key,
                                         settings_->max_active_faults.value_or(kNoLimit));
  if (limit != kNoLimit && factory_.counters().active_faults() >= limit) {
    stats.faults_overflow.inc();
    return false;
  }
  stats.active_faults.inc();
  active_ = true;
  return true;
}

void FaultFilter::deactivate(FilterContext& context) {
  if (!active_) return;
  active_ = false;
  factory_.counters().local(context.worker()).active_faults.dec();
}

void FaultFilter::count_downstream(FilterContext& context,
                                   Counter DownstreamFaultStats::*counter) const {
  if (downstream_cluster_.value_or("").empty()) return;
  if (settings_->disable_downstream_cluster_stats ||
      factory_.settings().disable_downstream_cluster_stats) {
    return;
  }
  auto* stats = factory_.counters().downstream(*downstream_cluster_, context.worker());
  if (stats != nullptr) (stats->*counter).inc();
}

bool FaultFilter::drawn(FilterContext& context, const Chance& chance,
                        std::string_view runtime_key) const {
  uint32_t per_million = chance.configured.per_million;
  if (!chance.header.empty()) {
    if (auto asked = number_in(context.request_headers(), chance.header)) {
      per_million = static_cast<uint32_t>(
          std::min<uint64_t>(per_million, std::min<uint64_t>(*asked, 1'000'000) * chance.unit));
    }
  }
  if (runtime_key.empty()) runtime_key = chance.configured.runtime_key;
  if (per_million == chance.configured.per_million &&
      runtime_key == chance.configured.runtime_key) {
    return context.fraction(chance.configured);
  }
  return context.fraction({per_million, std::string(runtime_key)});
}

std::string_view FaultFilter::downstream_key(FilterContext& context, std::string_view end) const {
  if (!downstream_cluster_) return {};
  return context.arena().concat("fault.http.", *downstream_cluster_, end);
}

ArenaPtr<HttpFilter> FaultFactory::create(Arena& arena) const {
  return make_in_arena<FaultFilter>(arena, *this);
}

}  // namespace outrigger::filters::fault
