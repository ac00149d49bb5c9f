#include "proxy/upstream/client_connection.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "proxy/http1/client_codec.h"
#include "proxy/http2/client_codec.h"
#include "proxy/upstream/cluster_table.h"
#include "proxy/upstream/tunnel_codec.h"
#include "proxy/upstream/upstream_transport.h"

namespace outrigger::upstream {
namespace {

using runtime::Timer;
using std::chrono::milliseconds;

uint64_t next_connection_id() {
  static std::atomic<uint64_t> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

milliseconds elapsed(runtime::MonotonicTime from, runtime::MonotonicTime to) {
  return std::chrono::duration_cast<milliseconds>(to - from);
}

}  // namespace

ClientConnection::ClientConnection(ConnPool& pool)
    : pool_(pool),
      config_(pool.cluster().config_ptr()),
      stats_(pool.cluster().stats()),
      id_(next_connection_id()),
      started_(pool.cluster().loop().now()),
      connect_or_idle_timer_(
          pool.cluster().loop().timers(),
          Timer::call<&ClientConnection::on_connect_timeout_or_idle, ClientConnection>(), this),
      duration_timer_(pool.cluster().loop().timers(),
                      Timer::call<&ClientConnection::on_max_duration, ClientConnection>(), this),
      ping_timer_(pool.cluster().loop().timers(),
                  Timer::call<&ClientConnection::on_ping_timer, ClientConnection>(), this),
      settle_task_([](void* self) { static_cast<ClientConnection*>(self)->settle(); }, this) {}

ClientConnection::~ClientConnection() = default;

bool ClientConnection::connect() {
  stats_.upstream_cx_total.inc();
  stats_.upstream_cx_active.inc();
  if (pool_.kind() == PoolKind::http1) stats_.upstream_cx_http1_total.inc();
  if (pool_.kind() == PoolKind::http2) stats_.upstream_cx_http2_total.inc();
  pool_.host().stats().cx_total.inc();
  pool_.host().stats().cx_active.inc();
  auto transport = open_transport(pool_, *this);
  if (!transport.ok()) {
    bool secrets = transport.status().code() == kSecretsMissing;
    close(false, http::ResetReason::connection_failure, std::string(transport.status().message()),
          secrets ? PoolFailure::transport_failure : PoolFailure::connection_failure);
    return false;
  }
  transport_ = std::move(*transport);
  transport_->set_output_limit(config_->buffer_limit_bytes);
  connect_or_idle_timer_.start(config_->connect_timeout);
  return true;
}

std::unique_ptr<http::ClientCodec> ClientConnection::make_codec() {
  WorkerCluster& cluster = pool_.cluster();
  const config::UpstreamHttp& http = *config_->http;
  if (pool_.kind() == PoolKind::tunnel) return std::make_unique<TunnelCodec>(*transport_);
  if (http2_)
    return std::make_unique<http2::Http2ClientCodec>(*transport_, *this, http.http2,
                                                     cluster.http2_stats());
  return std::make_unique<http1::Http1ClientCodec>(*transport_, *this, http.http1,
                                                   cluster.http1_stats());
}

void ClientConnection::choose_protocol() {
  http2_ = pool_.kind() == PoolKind::http2;
  if (pool_.kind() != PoolKind::alpn) return;
  std::shared_ptr<const TlsConnection> secure = tls();
  http2_ = secure != nullptr && secure->alpn() == "h2";
  (http2_ ? stats_.upstream_cx_http2_total : stats_.upstream_cx_http1_total).inc();
  pool_.learn_protocol(http2_);
}

void ClientConnection::on_connected() {
  state_ = State::open;
  local_ = transport_->local_address();
  remote_ = transport_->remote_address();
  choose_protocol();
  codec_ = make_codec();
  runtime::Loop& loop = pool_.cluster().loop();
  ready_since_ = loop.now();
  stats_.upstream_cx_connect_ms.record(
      static_cast<uint64_t>(elapsed(started_, loop.now()).count()));
  connect_or_idle_timer_.cancel();
  const config::UpstreamHttp& http = *pool_.cluster().config().http;
  if (http.max_connection_duration) duration_timer_.start(*http.max_connection_duration);
  if (http2_ && http.http2.ping_interval.count() > 0) start_ping_interval();
  if (http.idle_timeout) connect_or_idle_timer_.start(*http.idle_timeout);
  in_pool_list_ = true;
  pool_.on_connected(*this);
  if (pool_.host().removed) settle();
}

void ClientConnection::note_stream() {
  ++streams_opened_;
  ++active_streams_;
  connect_or_idle_timer_.cancel();
  stats_.upstream_rq_total.inc();
  stats_.upstream_rq_active.inc();
  Host& host = pool_.host();
  ++host.active_requests;
  host.stats().rq_total.inc();
  host.stats().rq_active.inc();
  uint32_t max = pool_.cluster().config().http->max_requests_per_connection;
  if (!http2_) stop_taking_streams();
  if (max != 0 && streams_opened_ == max) stats_.upstream_cx_max_requests.inc();
}

void ClientConnection::release_stream(bool complete) {
  --active_streams_;
  flush_first_ = complete && !http2_;
  // A stream of octets is the connection, and ends with it.
  if (pool_.kind() == PoolKind::tunnel) cut_streams_ = true;
  stats_.upstream_rq_active.dec();
  Host& host = pool_.host();
  --host.active_requests;
  host.stats().rq_active.dec();
  pool_.cluster().limits(pool_.high_priority()).requests.give();
  pool_.cluster().note_limits(pool_.high_priority());
  if (!feeding_) settle();
}

// Decides what becomes of the connection after its streams changed: close, wait idle, or serve the
// next request.
void ClientConnection::settle() {
  if (state_ == State::closed || state_ == State::connecting) return;
  if (codec_->finished()) {  // it cannot be used any more; a stream that it still has is lost
    close(false, http::ResetReason::protocol_error, "the request could not be sent whole");
    return;
  }
  const config::UpstreamHttp& http = *pool_.cluster().config().http;
  if (state_ == State::open && (used_up() || !codec_->reusable() || pool_.host().removed)) {
    state_ = State::draining;
    stop_taking_streams();
  }
  if (active_streams_ == 0) {
    if (state_ == State::draining) {
      close(false, http::ResetReason::local_reset, "");
      return;
    }
    if (http.idle_timeout) connect_or_idle_timer_.start(*http.idle_timeout);
  }
  if (state_ == State::open && codec_->can_open_stream()) {
    in_pool_list_ = true;
    pool_.on_available(*this);
  }
}

void ClientConnection::stop_taking_streams() {
  if (std::exchange(in_pool_list_, false)) pool_.on_unavailable(*this);
}

void ClientConnection::drain() {
  if (state_ != State::open) return;
  state_ = State::draining;
  stop_taking_streams();
  if (!feeding_) settle();
}

bool ClientConnection::used_up() const {
  uint32_t max = pool_.cluster().config().http->max_requests_per_connection;
  return max != 0 && streams_opened_ >= max;
}

void ClientConnection::on_data(Bytes bytes) {
  count_bytes();
  feeding_ = true;
  http::FeedResult result = codec_->feed(bytes);
  feeding_ = false;
  after_feed(result);
}

void ClientConnection::after_feed(const http::FeedResult& result) {
  if (state_ == State::closed) return;
  if (result.kind == http::FeedResult::Kind::close) {
    if (!result.detail.empty()) stats_.upstream_cx_protocol_error.inc();
    close(false, http::ResetReason::protocol_error, result.detail);
    return;
  }
  settle();
}

void ClientConnection::on_eof() {
  cut_streams_ = active_streams_ > 0;
  feeding_ = true;
  codec_->feed_eof();
  feeding_ = false;
  if (state_ == State::closed) return;
  if (!http2_ && codec_->active_streams() > 0) return;  // a tunnel's other direction goes on
  close(true, http::ResetReason::connection_termination, "upstream closed the connection");
}

void ClientConnection::on_closed(int error) {
  if (state_ == State::connecting) {
    // With EPROTO the transport itself failed: TLS. It says why, or the peer did not.
    bool tls = error == EPROTO || !transport_failure().empty();
    close(true, http::ResetReason::connection_failure,
          tls ? transport_failure() : std::string_view(std::strerror(error)),
          tls ? PoolFailure::transport_failure : PoolFailure::connection_failure);
    return;
  }
  close(true, http::ResetReason::connection_termination,
        error == 0 ? "connection closed" : std::strerror(error));
}

void ClientConnection::on_goaway() {
  stats_.upstream_cx_close_notify.inc();
  if (!feeding_) settle();
}

void ClientConnection::on_failed() {
  pool_.cluster().loop().run_soon(settle_task_);
}

void ClientConnection::on_write_blocked() {
  stats_.upstream_flow_control_backed_up_total.inc();
  if (codec_ != nullptr) codec_->on_transport_blocked();
}

void ClientConnection::on_write_resumed() {
  if (state_ == State::closed) return;
  stats_.upstream_flow_control_drained_total.inc();
  if (codec_ != nullptr) codec_->on_transport_resumed();
}

void ClientConnection::on_connect_timeout_or_idle() {
  if (state_ == State::connecting) {
    stats_.upstream_cx_connect_timeout.inc();
    close(false, http::ResetReason::connection_failure, "connect timeout",
          PoolFailure::connect_timeout);
  } else if (active_streams_ == 0) {
    stats_.upstream_cx_idle_timeout.inc();
    close(false, http::ResetReason::local_reset, "");
  }
}

void ClientConnection::on_max_duration() {
  stats_.upstream_cx_max_duration_reached.inc();
  stop_taking_streams();
  state_ = State::draining;
  settle();
}

// PING keepalive: one is sent each interval, with up to so much of it more that connections do not
// ping all at once; its answer must be there after the timeout.
void ClientConnection::start_ping_interval() {
  constexpr uint64_t kSpread = 0x9e3779b97f4a7c15;  // neighbouring ids, distant values
  ping_sent_ = false;
  ping_timer_.start(
      http::jittered_interval(pool_.cluster().config().http->http2, (id_ * kSpread) >> 32));
}

void ClientConnection::on_ping_timer() {
  if (!ping_sent_) {
    codec_->send_ping();
    ping_sent_ = true;
    ping_timer_.start(pool_.cluster().config().http->http2.ping_timeout);
    return;
  }
  if (codec_->ping_outstanding()) {
    pool_.cluster().http2_stats().keepalive_timeout.inc();
    close(false, http::ResetReason::connection_termination, "keepalive ping was not answered");
    return;
  }
  start_ping_interval();
}

void ClientConnection::close_now() {
  close(false, http::ResetReason::local_reset, "the proxy shuts down");
}

void ClientConnection::count_bytes() {
  uint64_t in = transport_->bytes_received();
  uint64_t out = transport_->bytes_sent();
  stats_.upstream_cx_rx_bytes_total.add(in - counted_in_);
  stats_.upstream_cx_tx_bytes_total.add(out - counted_out_);
  counted_in_ = in;
  counted_out_ = out;
}

void ClientConnection::close(bool by_remote, http::ResetReason reason, std::string_view detail,
                             PoolFailure failure) {
  if (state_ == State::closed) return;
  if (std::exchange(flush_first_, false) && transport_->output_queued() > 0) {
    state_ = State::draining;
    stop_taking_streams();
    if (auto limit = pool_.cluster().config().http->idle_timeout)
      connect_or_idle_timer_.start(*limit);
    transport_->close_when_flushed();  // on_closed follows
    return;
  }
  bool was_connecting = state_ == State::connecting;
  state_ = State::closed;
  connect_or_idle_timer_.cancel();
  duration_timer_.cancel();
  ping_timer_.cancel();
  settle_task_.cancel();
  runtime::Loop& loop = pool_.cluster().loop();
  if (transport_ != nullptr) count_bytes();
  stats_.upstream_cx_active.dec();
  stats_.upstream_cx_destroy.inc();
  stats_.upstream_cx_length_ms.record(static_cast<uint64_t>(elapsed(started_, loop.now()).count()));
  if (!was_connecting && pool_.kind() != PoolKind::tunnel)
    stats_.upstream_rq_per_cx.record(streams_opened_);
  pool_.host().stats().cx_active.dec();
  (by_remote ? stats_.upstream_cx_destroy_remote : stats_.upstream_cx_destroy_local).inc();
  if (active_streams_ > 0 || cut_streams_) {
    stats_.upstream_cx_destroy_with_active_rq.inc();
    (by_remote ? stats_.upstream_cx_destroy_remote_with_active_rq
               : stats_.upstream_cx_destroy_local_with_active_rq)
        .inc();
  }
  if (was_connecting) {
    stats_.upstream_cx_connect_fail.inc();
    pool_.host().stats().cx_connect_fail.inc();
    pool_.on_connect_failed(*this, failure, detail);
    return;
  }
  if (active_streams_ > 0) codec_->on_connection_lost(reason, detail);
  pool_.on_closed(*this);
}

}  // namespace outrigger::upstream
