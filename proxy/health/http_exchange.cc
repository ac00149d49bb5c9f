#include "proxy/health/http_exchange.h"

#include <utility>

#include "proxy/http1/client_codec.h"
#include "proxy/http2/client_codec.h"

namespace outrigger::health {

HttpExchange::HttpExchange(runtime::Loop& loop, HttpExchangeOwner& owner,
                           config::ClusterPtr cluster, Options options)
    : loop_(loop),
      owner_(&owner),
      cluster_(std::move(cluster)),
      options_(std::move(options)),
      codec_stats_("", "", {},
                   options_.http2 ? http::Http2Stats::layout() : http::Http1Stats::layout()) {}

HttpExchange::~HttpExchange() = default;

bool HttpExchange::connect(CheckConnector& connector, const config::Endpoint& endpoint) {
  auto transport = connector.connect(endpoint, {options_.http2 ? "h2" : "http/1.1"}, *this);
  if (!transport.ok()) return false;
  transport_ = *std::move(transport);
  return true;
}

void HttpExchange::close(std::unique_ptr<HttpExchange> exchange) {
  exchange->owner_ = nullptr;
  // What was answered is over for the codec as soon as its call returns.
  if (exchange->encoder_ != nullptr && !exchange->complete_)
    std::exchange(exchange->encoder_, nullptr)->reset(http::ResetReason::local_reset);
  runtime::Loop& loop = exchange->loop_;
  loop.defer_delete(std::move(exchange));
}

void HttpExchange::send() {
  wanted_ = true;
  complete_ = false;
  if (codec_ != nullptr) begin();
}

void HttpExchange::on_connected() {
  if (owner_ == nullptr) return;
  constexpr unsigned kThread = StatsScope::kMainThread;
  if (options_.http2) {
    codec_ = std::make_unique<http2::Http2ClientCodec>(
        *transport_, *this, cluster_->http->http2, codec_stats_.local<http::Http2Stats>(kThread));
  } else {
    codec_ = std::make_unique<http1::Http1ClientCodec>(
        *transport_, *this, cluster_->http->http1, codec_stats_.local<http::Http1Stats>(kThread));
  }
  if (wanted_) begin();
}

void HttpExchange::begin() {
  if (!codec_->can_open_stream()) return lose();
  headers_ = trailers_ = nullptr;
  body_.clear();
  arena_.reset();
  arena_.emplace(loop_.chunks());
  encoder_ = &codec_->open_stream(*this);
  http::HeaderMap request(*arena_);
  owner_->fill_request(request);
  encoder_->send_headers(request, options_.body.empty());
  if (!options_.body.empty() && encoder_ != nullptr) encoder_->send_body(options_.body, true);
}

void HttpExchange::on_headers(http::HeaderMap& headers, bool end_stream) {
  headers_ = &headers;
  complete_ = end_stream;
}

void HttpExchange::on_body(Bytes body, bool end_stream) {
  if (body_.size() < options_.body_wanted)
    body_.append(body.substr(0, options_.body_wanted - body_.size()));
  complete_ = end_stream;
}

void HttpExchange::on_trailers(http::HeaderMap& trailers) {
  trailers_ = &trailers;
  complete_ = true;
}

void HttpExchange::on_reset(http::ResetReason, std::string_view) {
  encoder_ = nullptr;
  if (!complete_) lost_ = true;
}

void HttpExchange::on_data(Bytes bytes) {
  if (owner_ == nullptr) return;
  feeding_ = true;
  http::FeedResult result = codec_->feed(bytes);
  feeding_ = false;
  bool over = result.kind == http::FeedResult::Kind::close;
  if (wanted_ && complete_) finish();
  if (owner_ != nullptr && (over || lost_)) lose();
}

void HttpExchange::on_eof() {
  if (owner_ == nullptr) return;
  if (codec_ != nullptr) codec_->feed_eof();  // may end a body
  if (wanted_ && complete_) finish();
  if (owner_ != nullptr) lose();
}

void HttpExchange::on_closed(int) {
  if (owner_ == nullptr) return;
  // The owner must not find a stream that nobody has any more.
  if (codec_ != nullptr && encoder_ != nullptr)
    codec_->on_connection_lost(http::ResetReason::connection_termination, "connection closed");
  if (owner_ != nullptr) lose();
}

void HttpExchange::on_write_blocked() {
  if (codec_ != nullptr) codec_->on_transport_blocked();
}

void HttpExchange::on_write_resumed() {
  if (codec_ != nullptr) codec_->on_transport_resumed();
}

void HttpExchange::finish() {
  wanted_ = false;
  HttpAnswer answer{headers_, trailers_, body_, codec_->reusable() && !codec_->finished()};
  owner_->on_answer(answer);
}

void HttpExchange::lose() {
  wanted_ = false;
  owner_->on_no_answer();
}

}  // namespace outrigger::health
