#include "proxy/stream/async_exchange.h"

#include <string>
#include <utility>

#include "proxy/stream/failure_text.h"
#include "proxy/stream/response_codes.h"

namespace outrigger::stream {

using http::AsyncFailure;
using http::HeaderId;

AsyncExchange::AsyncExchange(WorkerServices& services, http::AsyncRequest request,
                             http::AsyncHandler& handler)
    : services_(services),
      request_(std::move(request)),
      handler_(&handler),
      arena_(services.loop.chunks()),
      headers_(arena_),
      begin_([](void* self) { static_cast<AsyncExchange*>(self)->begin(); }, this),
      timer_(services.loop.timers(),
             runtime::Timer::call<&AsyncExchange::on_timeout, AsyncExchange>(), this),
      start_(services.loop.now()) {
  // The caller is not called back from inside its call, even where the answer is known at once.
  services_.loop.run_soon(begin_);
}

AsyncExchange::~AsyncExchange() = default;

void AsyncExchange::begin() {
  if (handler_ == nullptr) return;
  cluster_ = request_.cluster.slot == config::ClusterRef::kNoSlot
                 ? services_.clusters.find(request_.cluster.name)
                 : services_.clusters.find(request_.cluster.slot);
  if (cluster_ == nullptr) {
    fail(AsyncFailure::no_cluster, "there is no such cluster", 503, {});
    return;
  }
  fill_headers();
  send(*cluster_);
}

void AsyncExchange::fill_headers() {
  for (const auto& [name, value] : request_.headers) headers_.add(name, value);
  headers_.set("x-envoy-internal", "true");
  if (request_.send_xff && !services_.local_ip.empty())
    headers_.append(HeaderId::x_forwarded_for, services_.local_ip);
  if (request_.timeout.count() > 0) {
    headers_.set_copy("x-envoy-expected-rq-timeout-ms", std::to_string(request_.timeout.count()));
  }
  if (!request_.body.empty()) {
    headers_.set_copy(HeaderId::content_length, std::to_string(request_.body.size()));
  }
}

void AsyncExchange::send(upstream::WorkerCluster& cluster) {
  upstream::LbContext context;
  context.random = services_.random.next();
  context.headers = &headers_;
  host_ = cluster.pick_host(context);
  if (host_ == nullptr) {
    cluster.stats().upstream_cx_none_healthy.inc();
    fail(AsyncFailure::no_healthy_host, "the cluster has no healthy host", 503,
         "no healthy upstream");
    return;
  }
  if (request_.timeout.count() > 0) timer_.start(request_.timeout);
  bool no_body = request_.body.empty();
  upstream_ = std::make_unique<UpstreamRequest>(
      *this,
      cluster.pool(*host_, false, http::Protocol::http11,
                   upstream::find_needs(cluster.config(), *host_, {nullptr, nullptr, &headers_})),
      headers_, no_body, false);
  upstream_->start(false);
  if (!no_body && handler_ != nullptr) upstream_->send_body(request_.body, true);
}

void AsyncExchange::on_upstream_headers(http::HeaderMap& headers, bool end_stream) {
  if (handler_ == nullptr) return;
  response_.status = status_of(headers);
  count_upstream_response(cluster_->stats(), response_.status);
  count_upstream_response(cluster_->origin_stats(true), response_.status);
  auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(loop().now() - start_);
  cluster_->stats().upstream_rq_time.record(static_cast<uint64_t>(elapsed.count()));
  if (!take(headers.byte_size())) return;
  for (const http::HeaderField& field : headers.fields()) {
    if (!field.name.starts_with(':')) response_.headers.emplace_back(field.name, field.value);
  }
  response_.headers.emplace_back("x-envoy-upstream-service-time", std::to_string(elapsed.count()));
  if (end_stream) respond();
}

void AsyncExchange::on_upstream_body(Bytes body, bool end_stream) {
  if (handler_ == nullptr || !take(body.size())) return;
  response_.body.append(body);
  if (end_stream) respond();
}

bool AsyncExchange::take(size_t octets) {
  response_octets_ += octets;
  if (response_octets_ <= request_.max_response_bytes) return true;
  fail(AsyncFailure::too_large, "the response is too large");
  return false;
}

void AsyncExchange::on_upstream_failure(const UpstreamFailure& failure) {
  std::string_view detail = failure.detail.empty() ? failure.transport_reason : failure.detail;
  UpstreamFailure shown = failure;
  shown.detail = {};  // of connections that could not be made, only clients are told more
  fail(AsyncFailure::reset, detail, 503, failure_body(shown, 0, arena_));
}

void AsyncExchange::on_timeout() {
  cluster_->stats().upstream_rq_timeout.inc();
  fail(AsyncFailure::timeout, "the response did not come in time", 504, "upstream request timeout");
}

void AsyncExchange::respond() {
  if (handler_ == nullptr) return;
  http::AsyncHandler& handler = *handler_;
  end();
  handler.on_async_response(std::move(response_));
}

void AsyncExchange::fail(AsyncFailure failure, std::string_view detail) {
  if (handler_ == nullptr) return;
  http::AsyncHandler& handler = *handler_;
  end();
  handler.on_async_failure(failure, detail);
}

void AsyncExchange::fail(AsyncFailure failure, std::string_view detail, int code,
                         std::string_view body) {
  if (!request_.failures_as_replies || response_.status != 0) {
    fail(failure, detail);
    return;
  }
  response_.status = code;
  response_.headers.emplace_back("content-length", std::to_string(body.size()));
  response_.headers.emplace_back("content-type", "text/plain");
  response_.body = body;
  respond();
}

void AsyncExchange::cancel() {
  if (handler_ != nullptr) end();
}

void AsyncExchange::end() {
  handler_ = nullptr;
  begin_.cancel();
  timer_.cancel();
  if (upstream_ != nullptr) upstream_->give_up(http::ResetReason::local_reset);
}

}  // namespace outrigger::stream
