#include "proxy/stream/mirror.h"

#include "proxy/route/match.h"
#include "proxy/stream/response_codes.h"

namespace outrigger::stream {

using http::HeaderId;

Mirror* Mirror::start(upstream::WorkerCluster& cluster, const config::MirrorPolicy& policy,
                      const http::HeaderMap& headers, route::ValueSource& values,
                      std::string_view local_ip, bool end_stream, uint64_t random,
                      std::chrono::milliseconds timeout) {
  auto* mirror = new Mirror(cluster, random);
  mirror->make_headers(policy, headers, values, local_ip);
  mirror->begin(end_stream, timeout);
  return mirror;
}

Mirror::Mirror(upstream::WorkerCluster& cluster, uint64_t random)
    : cluster_(&cluster),
      random_(random),
      arena_(cluster.loop().chunks()),
      timer_(cluster.loop().timers(), runtime::Timer::call<&Mirror::on_timeout, Mirror>(), this) {}

Mirror::~Mirror() = default;

// What is substituted comes from the original's arena, which the mirror may outlive: it is copied.
void Mirror::make_headers(const config::MirrorPolicy& policy, const http::HeaderMap& headers,
                          route::ValueSource& values, std::string_view local_ip) {
  headers_ = std::make_unique<http::HeaderMap>(arena_);
  if (policy.request_headers.empty()) {
    headers_->copy_from(headers);
  } else {
    Arena scratch(arena_.pool());
    http::HeaderMap changed(scratch);
    changed.copy_from(headers);
    route::apply(policy.request_headers, changed, values);
    headers_->copy_from(changed);
  }
  if (!policy.host_rewrite.empty()) {
    headers_->set_copy(HeaderId::authority, policy.host_rewrite);
  } else if (!policy.disable_shadow_host_suffix) {
    // "example.com:80" becomes "example.com-shadow:80"
    std::string_view authority = headers_->get(HeaderId::authority);
    std::string_view host = route::without_port(authority);
    headers_->set(HeaderId::authority,
                  arena_.concat(host, "-shadow", authority.substr(host.size())));
  }
  mark_as_own(local_ip);
}

// As of every request that is begun here.
void Mirror::mark_as_own(std::string_view local_ip) {
  headers_->set(HeaderId::x_envoy_internal, "true");
  if (local_ip.empty()) return;
  std::string_view before = headers_->get(HeaderId::x_forwarded_for);
  headers_->set(HeaderId::x_forwarded_for,
                before.empty() ? arena_.copy(local_ip) : arena_.concat(before, ",", local_ip));
}

void Mirror::begin(bool end_stream, std::chrono::milliseconds timeout) {
  request_done_ = end_stream;
  upstream::LbContext context;
  context.random = random_;
  context.headers = headers_.get();
  host_ = cluster_->pick_host(context);
  if (host_ == nullptr) {
    cluster_->stats().upstream_cx_none_healthy.inc();
    finish();
    return;
  }
  if (timeout.count() > 0) timer_.start(timeout);
  request_ = std::make_unique<UpstreamRequest>(
      *this,
      cluster_->pool(
          *host_, false, http::Protocol::http11,
          upstream::find_needs(cluster_->config(), *host_, {nullptr, nullptr, headers_.get()})),
      *headers_, end_stream, false);
  request_->start(false);
}

void Mirror::send_body(Bytes body, bool end_stream) {
  if (finished_) return;
  behind_ = blocked_ ? behind_ + body.size() : 0;
  request_done_ = end_stream;
  if (behind_ > kMaxBehind) {
    cluster_->stats().retry_or_shadow_abandoned.inc();
    finish();
    return;
  }
  request_->send_body(body, end_stream);
}

void Mirror::send_trailers(const http::HeaderMap& trailers) {
  if (finished_) return;
  request_done_ = true;
  trailers_ = std::make_unique<http::HeaderMap>(arena_);
  trailers_->copy_from(trailers);
  request_->send_trailers(*trailers_);
}

void Mirror::original_ended() {
  attached_ = false;
  if (finished_) {
    cluster_->loop().defer_delete(std::unique_ptr<runtime::Deferred>(this));
  } else if (!request_done_) {
    finish();
  }
}

void Mirror::on_upstream_headers(http::HeaderMap& headers, bool end_stream) {
  count_upstream_response(cluster_->stats(), status_of(headers));
  count_upstream_response(cluster_->origin_stats(true), status_of(headers));
  if (end_stream) finish();
}

void Mirror::on_upstream_failure(const UpstreamFailure&) {
  finish();
}

void Mirror::on_timeout() {
  cluster_->stats().upstream_rq_timeout.inc();
  finish();
}

void Mirror::finish() {
  if (finished_) return;
  finished_ = true;
  timer_.cancel();
  if (request_ != nullptr) request_->give_up(http::ResetReason::local_reset);
  if (!attached_) cluster_->loop().defer_delete(std::unique_ptr<runtime::Deferred>(this));
}

}  // namespace outrigger::stream
