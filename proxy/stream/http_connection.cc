#include "proxy/stream/http_connection.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "proxy/http1/server_codec.h"
#include "proxy/http2/details.h"
#include "proxy/http2/server_codec.h"
#include "proxy/stream/stream.h"

namespace outrigger::stream {
namespace {

using runtime::Timer;
using std::chrono::milliseconds;

constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// A connection that drains stays this long, idle or not: a request that is already on its way gets
// its answer, with "connection: close".
constexpr milliseconds kIdleDrainGrace{250};

// How long resets count against a client, at least: long enough to see a flood, short enough to
// forget what was spread over minutes.
constexpr std::chrono::seconds kResetWindow{10};

}  // namespace

HttpConnection::HttpConnection(std::shared_ptr<HttpService> service,
                               std::unique_ptr<runtime::Transport> transport,
                               DownstreamConnectionInfo info, ConnectionOwner& owner)
    : service_(std::move(service)),
      transport_(std::move(transport)),
      owner_(owner),
      info_(std::move(info)),
      started_(services().loop.now()),
      window_start_(started_),
      idle_timer_(services().loop.timers(), Timer::call<&HttpConnection::on_idle, HttpConnection>(),
                  this),
      duration_timer_(services().loop.timers(),
                      Timer::call<&HttpConnection::on_duration, HttpConnection>(), this),
      drain_timer_(services().loop.timers(),
                   Timer::call<&HttpConnection::on_drain_step, HttpConnection>(), this),
      ping_timer_(services().loop.timers(),
                  Timer::call<&HttpConnection::on_ping_timer, HttpConnection>(), this),
      settle_task_([](void* self) { static_cast<HttpConnection*>(self)->feed_left_over(); }, this) {
  const config::HttpConnectionManager& config = service_->config();
  transport_->bind_info(info_);
  transport_->set_handler(*this);
  transport_->set_output_limit(service_->listener().buffer_limit_bytes);
  service_->stats().downstream_cx_total.inc();
  service_->stats().downstream_cx_active.inc();
  if (config.idle_timeout.count() > 0) idle_timer_.start(config.idle_timeout);
  if (config.max_connection_duration.count() > 0)
    duration_timer_.start(config.max_connection_duration);
  if (config.codec_type != config::CodecType::auto_)
    make_codec(config.codec_type == config::CodecType::http2);
}

HttpConnection::~HttpConnection() = default;

void HttpConnection::make_codec(bool http2) {
  const config::HttpConnectionManager& config = service_->config();
  HttpStats& stats = service_->stats();
  if (http2) {
    codec_ = std::make_unique<http2::Http2ServerCodec>(*this, *this, config.http2,
                                                       service_->http2_stats());
    stats.downstream_cx_http2_total.inc();
    stats.downstream_cx_http2_active.inc();
    if (config.http2.ping_interval.count() > 0) start_ping_interval();
  } else {
    codec_ = std::make_unique<http1::Http1ServerCodec>(*this, *this, config.http1,
                                                       service_->http1_stats());
    stats.downstream_cx_http1_total.inc();
    stats.downstream_cx_http1_active.inc();
  }
  if (state_ == State::detecting) state_ = State::open;
}

// True when the protocol is known. HTTP/2 begins with its preface; everything else is HTTP/1.
bool HttpConnection::detect(Bytes bytes) {
  size_t n = std::min(bytes.size(), kHttp2Preface.size());
  bool like_preface = bytes.substr(0, n) == kHttp2Preface.substr(0, n);
  if (like_preface && n < kHttp2Preface.size()) return false;
  make_codec(like_preface);
  return true;
}

// The TLS handshake is over.
void HttpConnection::on_connected() {
  tls_ = transport_->tls();
  if (tls_ == nullptr || state_ == State::closed) return;
  info_.tls = tls_.get();
  service_->stats().downstream_cx_ssl_total.inc();
  service_->stats().downstream_cx_ssl_active.inc();
  if (codec_ == nullptr && tls_->alpn() == "h2") make_codec(true);
}

void HttpConnection::on_data(Bytes bytes) {
  count_bytes();
  if (state_ == State::closing || state_ == State::closed) return;
  if (left_over_.empty()) {
    feed(bytes);
    return;
  }
  left_over_.append(bytes);
  std::string all = std::exchange(left_over_, {});
  feed(all);
}

void HttpConnection::note_time() {
  auto passed = services().loop.now() - window_start_;
  if (passed < kResetWindow) return;
  codec_->next_window();
  if (passed >= 2 * kResetWindow) codec_->next_window();
  window_start_ = services().loop.now();
}

void HttpConnection::feed(Bytes bytes) {
  if (codec_ == nullptr && !detect(bytes)) {
    left_over_.assign(bytes);
    return;
  }
  note_time();
  feeding_ = true;
  http::FeedResult result = codec_->feed(bytes);
  feeding_ = false;
  if (result.consumed < bytes.size() && state_ != State::closed)
    left_over_.assign(bytes.substr(result.consumed));
  after_feed(result);
}

void HttpConnection::feed_left_over() {
  if (state_ == State::closed || state_ == State::closing) return;
  if (!paused_ && !left_over_.empty()) {
    std::string all = std::exchange(left_over_, {});
    feed(all);
    return;
  }
  if (!paused_ && eof_) {
    eof_ = false;
    on_eof();
    return;
  }
  settle();
}

void HttpConnection::pause_reading(bool pause) {
  HttpStats& stats = service_->stats();
  if (pause != paused_) {
    (pause ? stats.downstream_flow_control_paused_reading_total
           : stats.downstream_flow_control_resumed_reading_total)
        .inc();
  }
  paused_ = pause;
  transport_->pause_reading(pause);
  if (!pause) services().loop.run_soon(settle_task_);
}

void HttpConnection::after_feed(const http::FeedResult& result) {
  if (state_ == State::closed || state_ == State::closing) return;
  if (result.kind == http::FeedResult::Kind::close) {
    if (!result.detail.empty()) {
      // HTTP/1 has told the stream, which counted it.
      if (codec_->protocol() == http::Protocol::http2 && !http2::detail::is_flood(result.detail))
        service_->stats().downstream_cx_protocol_error.inc();
      if (result.detail == http2::detail::kPrematureResets)
        service_->stats().downstream_rq_too_many_premature_resets.inc();
      codec_->on_connection_lost(http::ResetReason::protocol_error, result.detail);
    }
    start_closing();
    return;
  }
  settle();
}

// After streams ran: is there anything left that keeps the connection open?
void HttpConnection::settle() {
  if (feeding_ || state_ == State::closed || state_ == State::closing || codec_ == nullptr) return;
  if (codec_->finished()) {
    after_feed(codec_->feed({}));  // it says why; streams that it still has are told
    return;
  }
  if (streams_.empty() && codec_->active_streams() == 0) {
    if (state_ == State::draining && !drain_timer_.armed()) {
      start_closing();
      return;
    }
    milliseconds idle = service_->config().idle_timeout;
    if (idle.count() > 0 && !idle_timer_.armed()) idle_timer_.start(idle);
  }
}

http::StreamHandler& HttpConnection::on_new_stream(http::StreamEncoder& encoder) {
  idle_timer_.cancel();
  ++requests_;
  uint32_t max = service_->config().max_requests_per_connection;
  if (max != 0 && requests_ == max) {
    service_->stats().downstream_cx_max_requests_reached.inc();
    close_after_response();
  }
  if (last_request_next_) close_after_response();
  return add_stream(encoder);
}

Stream& HttpConnection::add_stream(http::StreamEncoder& encoder) {
  auto stream = std::make_unique<Stream>(*this, encoder);
  stream->index = streams_.size();
  streams_.push_back(std::move(stream));
  return *streams_.back();
}

void HttpConnection::remove_stream(Stream& stream) {
  size_t at = stream.index;
  std::unique_ptr<Stream> dead = std::move(streams_[at]);
  if (at + 1 != streams_.size()) {
    streams_[at] = std::move(streams_.back());
    streams_[at]->index = at;
  }
  streams_.pop_back();
  services().loop.defer_delete(std::move(dead));
  count_bytes();
  if (state_ != State::closed) services().loop.run_soon(settle_task_);
}

void HttpConnection::close_after_response() {
  if (state_ != State::open) return;
  state_ = State::draining;
  codec_->begin_drain();
  if (codec_->protocol() == http::Protocol::http2) {
    // GOAWAY in two steps: streams that the client opened before it read the first one are still
    // served.
    drain_timer_.start(service_->config().drain_timeout);
  }
}

// Clients of what is gone shall not all come back at the same moment.
void HttpConnection::draw_drain() {
  bool last = services().server.ramp.closes_since(drains_since_, services().loop.now(),
                                                  [this] { return services().random.next(); });
  if (!last || state_ != State::open) return;
  drains_by_share_ = false;
  service_->stats().downstream_cx_drain_close.inc();
  close_after_response();
}

void HttpConnection::drain(net::DrainPace pace) {
  if (state_ != State::open && state_ != State::detecting) return;
  if (pace == net::DrainPace::strategic && services().server.ramp.gradual()) {
    if (std::exchange(drains_by_share_, true)) return;
    drains_since_ = services().loop.now();
    return;
  }
  drains_by_share_ = false;
  service_->stats().downstream_cx_drain_close.inc();
  if (pace != net::DrainPace::soon) {
    // An HTTP/1 client is told with a response; without one it might have its next request on the
    // way already. HTTP/2 has GOAWAY.
    last_request_next_ = true;
    bool http2 = codec_ != nullptr && codec_->protocol() == http::Protocol::http2;
    if (http2 || (!streams_.empty() && !streams_.front()->response_begun())) close_after_response();
    return;
  }
  if (codec_ == nullptr) {
    start_closing();
    return;
  }
  close_after_response();
  drain_timer_.start(kIdleDrainGrace);
  services().loop.run_soon(settle_task_);
}

void HttpConnection::on_drain_step() {
  codec_->finish_drain();
  settle();
}

// A client that closes its side has given up what it waits for, as in Envoy; only tunnels are
// half-closed.
void HttpConnection::on_eof() {
  if (state_ == State::closed || state_ == State::closing) return;
  if (codec_ == nullptr) {
    finish(true, "");
    return;
  }
  if (!left_over_.empty()) {  // pipelined requests are answered before the client's FIN counts
    eof_ = true;
    return;
  }
  bool tunnel = streams_.size() == 1 && streams_.front()->tunnel();
  cut_streams_ = !tunnel && !streams_.empty();
  feeding_ = true;
  http::FeedResult result = codec_->feed_eof();
  feeding_ = false;
  if (state_ == State::closed) return;
  if (!tunnel || codec_->finished()) finish(true, result.detail);
}

void HttpConnection::on_closed(int error) {
  info_.transport_failure = transport_->failure_reason();
  finish(state_ != State::closing, error == 0 ? "" : std::strerror(error));
}

void HttpConnection::on_write_blocked() {
  if (codec_ != nullptr) codec_->on_transport_blocked();
}

void HttpConnection::on_write_resumed() {
  if (codec_ != nullptr && state_ != State::closed) codec_->on_transport_resumed();
}

void HttpConnection::start_closing() {
  state_ = State::closing;
  drain_timer_.cancel();
  ping_timer_.cancel();
  duration_timer_.cancel();
  transport_->close_when_flushed();
  milliseconds delay = service_->config().delayed_close_timeout;
  if (delay.count() > 0) {
    idle_timer_.start(delay);
  } else {
    transport_->flush();
    if (transport_->output_queued() == 0) finish(false, "");
  }
}

void HttpConnection::close_now(std::string_view reason) {
  finish(false, reason);
}

void HttpConnection::finish(bool by_remote, std::string_view reason) {
  if (state_ == State::closed) return;
  state_ = State::closed;
  idle_timer_.cancel();
  drain_timer_.cancel();
  duration_timer_.cancel();
  ping_timer_.cancel();
  settle_task_.cancel();
  count_bytes();
  HttpStats& stats = service_->stats();
  stats.downstream_cx_destroy.inc();
  (by_remote ? stats.downstream_cx_destroy_remote : stats.downstream_cx_destroy_local).inc();
  if (!streams_.empty() || cut_streams_) {
    stats.downstream_cx_destroy_active_rq.inc();
    (by_remote ? stats.downstream_cx_destroy_remote_active_rq
               : stats.downstream_cx_destroy_local_active_rq)
        .inc();
  }
  stats.downstream_cx_active.dec();
  if (tls_ != nullptr) stats.downstream_cx_ssl_active.dec();
  if (codec_ != nullptr) {
    (codec_->protocol() == http::Protocol::http2 ? stats.downstream_cx_http2_active
                                                 : stats.downstream_cx_http1_active)
        .dec();
    codec_->on_connection_lost(
        by_remote ? http::ResetReason::connection_termination : http::ResetReason::local_reset,
        reason);
  }
  // What a stream of a codec that had already let go of it left behind.
  while (!streams_.empty()) streams_.back()->on_connection_gone(by_remote, reason);
  stats.downstream_cx_length_ms.record(static_cast<uint64_t>(age().count()));
  owner_.on_connection_closed(*this);
}

void HttpConnection::on_idle() {
  if (state_ == State::closing) {
    service_->stats().downstream_cx_delayed_close_timeout.inc();
    finish(false, "");
    return;
  }
  if (!streams_.empty()) return;
  service_->stats().downstream_cx_idle_timeout.inc();
  if (codec_ == nullptr || codec_->protocol() != http::Protocol::http2) {
    start_closing();
    return;
  }
  close_after_response();
}

void HttpConnection::on_duration() {
  service_->stats().downstream_cx_max_duration_reached.inc();
  bool http1 = codec_ == nullptr || codec_->protocol() != http::Protocol::http2;
  if (!http1 || !service_->config().http1_safe_max_connection_duration) {
    drain(net::DrainPace::soon);
    return;
  }
  // An idle connection stays: a request that is already on its way gets its answer.
  last_request_next_ = true;
  if (!streams_.empty()) close_after_response();
}

// The interval, and up to so much of it more that connections do not ping all at once.
void HttpConnection::start_ping_interval() {
  ping_sent_ = false;
  ping_timer_.start(http::jittered_interval(service_->config().http2, services().random.next()));
}

void HttpConnection::on_ping_timer() {
  if (!ping_sent_) {
    codec_->send_ping();
    ping_sent_ = true;
    ping_timer_.start(service_->config().http2.ping_timeout);
    return;
  }
  if (codec_->ping_outstanding()) {
    service_->http2_stats().keepalive_timeout.inc();
    finish(false, "keepalive ping was not answered");
    return;
  }
  start_ping_interval();
}

milliseconds HttpConnection::age() const {
  return std::chrono::duration_cast<milliseconds>(service_->services().loop.now() - started_);
}

void HttpConnection::count_bytes() {
  uint64_t in = transport_->bytes_received();
  uint64_t out = transport_->bytes_sent();
  service_->stats().downstream_cx_rx_bytes_total.add(in - counted_in_);
  service_->stats().downstream_cx_tx_bytes_total.add(out - counted_out_);
  counted_in_ = in;
  counted_out_ = out;
}

}  // namespace outrigger::stream
