#include "filters/http/ratelimit/filter.h"

namespace outrigger::filters::ratelimit {

Verdict RateLimitFilter::on_request_headers(FilterContext& context, http::HeaderMap& headers,
                                            bool) {
  context_ = &context;
  route_ = static_cast<const RateLimitRouteConfig*>(context.route_config());
  if (!context.fraction(settings().enabled) || !concerns(headers)) return Verdict::next();
  std::vector<RateLimitDescriptor> descriptors = describe();
  if (descriptors.empty()) return Verdict::next();
  ask(descriptors);
  return Verdict::wait();
}

bool RateLimitFilter::concerns(const http::HeaderMap& headers) const {
  bool internal = headers.get("x-envoy-internal") == "true";
  return internal ? settings().of_internal : settings().of_external;
}

std::vector<RateLimitDescriptor> RateLimitFilter::describe() const {
  std::vector<RateLimitDescriptor> out;
  const auto& of_route = route_ == nullptr ? settings().rate_limits : route_->rate_limits;
  const auto& own = of_route.empty() ? settings().rate_limits : of_route;
  if (own.empty()) {
    return describe_routed_request(
        *context_, settings().stage,
        route_ == nullptr ? HostRateLimits::overridden : route_->of_host);
  }
  describe_request(*context_, own, settings().stage, out);
  return out;
}

void RateLimitFilter::ask(const std::vector<RateLimitDescriptor>& descriptors) {
  const std::string& domain =
      route_ != nullptr && !route_->domain.empty() ? route_->domain : settings().domain;
  client_ = context_->grpc_clients().make(settings().service);
  grpc::CallOptions options;
  if (settings().timeout.count() > 0) options.timeout = settings().timeout;
  call_ = client_->open(kMethod, *this, options);
  call_->send(make_limit_message(domain, descriptors));
  call_->close_sending();
}

void RateLimitFilter::on_message(std::string message) {
  message_ = std::move(message);
  has_message_ = true;
}

void RateLimitFilter::on_closed(grpc::Code code, std::string_view) {
  call_.reset();
  if (code == grpc::Code::ok && has_message_) answer_ = read_limit_message(message_);
  act();
}

void RateLimitFilter::act() {
  if (!answer_) {
    fail();
    return;
  }
  for (const auto& [name, value] : answer_->request_headers) {
    context_->request_headers().add_copy(name, value);
  }
  RateLimitStats* counters = stats();
  if (!answer_->over_limit) {
    if (counters != nullptr) counters->ok.inc();
    context_->resume_request();
    return;
  }
  if (counters != nullptr) counters->over_limit.inc();
  if (context_->fraction(settings().enforced)) {
    refuse();
  } else {
    context_->resume_request();
  }
}

void RateLimitFilter::refuse() {
  Arena& arena = context_->arena();
  auto* headers = arena.make<http::HeaderMap>(arena);
  if (settings().say_rate_limited) headers->add("x-envoy-ratelimited", "true");
  context_->apply(settings().response, *headers);
  LocalReply reply;
  reply.code = settings().limited_status;
  reply.body = arena.copy(answer_->body);
  reply.grpc_status = settings().grpc_status;
  reply.headers = headers;
  reply.outcome.flags.set(ResponseFlag::rate_limited);
  reply.outcome.details = "request_rate_limited";
  reply.outcome.cause = "the rate limit service says that there were too many requests";
  context_->reply(reply);
}

void RateLimitFilter::fail() {
  RateLimitStats* counters = stats();
  if (counters != nullptr) counters->error.inc();
  const auto& share = settings().failure_deny_share;
  if (share ? context_->fraction(*share) : settings().failure_deny) {
    LocalReply reply;
    reply.code = settings().error_status;
    reply.outcome.flags.set(ResponseFlag::rate_limit_service_error);
    reply.outcome.details = "rate_limiter_error";
    reply.outcome.cause = "the rate limit service gave no usable answer";
    context_->reply(reply);
    return;
  }
  if (counters != nullptr) counters->failure_mode_allowed.inc();
  context_->resume_request();
}

Verdict RateLimitFilter::on_response_headers(FilterContext& context, http::HeaderMap& headers,
                                             bool) {
  if (!answer_) return Verdict::next();
  for (const auto& [name, value] : answer_->response_headers) headers.add_copy(name, value);
  if (settings().rate_limit_headers && !answer_->limit.empty()) {
    Arena& arena = context.arena();
    headers.set("x-ratelimit-limit", arena.copy(answer_->limit));
    headers.set("x-ratelimit-remaining", arena.copy(answer_->remaining));
    headers.set("x-ratelimit-reset", arena.copy(answer_->reset));
  }
  return Verdict::next();
}

void RateLimitFilter::on_stream_end(FilterContext&) {
  call_.reset();
  client_.reset();
}

const Settings& RateLimitFilter::settings() const {
  return factory_.settings();
}

RateLimitStats* RateLimitFilter::stats() const {
  std::string_view cluster = context_->route_cluster();
  if (cluster.empty() || context_->find_cluster(cluster) == nullptr) return nullptr;
  return &factory_.counters().of_cluster(cluster, context_->worker());
}

ArenaPtr<HttpFilter> RateLimitFactory::create(Arena& arena) const {
  return make_in_arena<RateLimitFilter>(arena, *this);
}

}  // namespace outrigger::filters::ratelimit
