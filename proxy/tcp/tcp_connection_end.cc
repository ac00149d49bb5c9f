// How a TCP connection ends, and what its log says.
#include <cerrno>
#include <utility>

#include "proxy/tcp/reset_on_close.h"
#include "proxy/tcp/tcp_connection.h"

namespace outrigger::tcp {
namespace {

using std::chrono::milliseconds;

// After the end, how long the peer may take to end its side: what it still sends is read and
// dropped, so that our last words are not lost to a reset.
constexpr milliseconds kLinger{1000};
// How long one who takes nothing may keep what was written for it, if no idle timeout says so.
constexpr milliseconds kPatience{3'600'000};

}  // namespace

void TcpConnection::end_if_both_ended() {
  if (downstream_ended_ && upstream_ended_ && state_ == State::open) end({}, CloseHow::flush);
}

void TcpConnection::on_idle() {
  if (state_ == State::closing) {
    wait_for_peer();
    return;
  }
  service_->stats().idle_timeout.inc();
  end({}, CloseHow::cut, "tcp_session_idle_timeout");
}

// Who reads what was written for it, however slowly, is not cut.
void TcpConnection::wait_for_peer() {
  auto now = service_->loop().now();
  if (transport_->bytes_sent() != std::exchange(sent_, transport_->bytes_sent())) progress_ = now;
  bool gives_up = now - progress_ >= patience_;
  if (transport_->output_queued() > 0 && !gives_up) {
    idle_timer_.start(kLinger);
  } else if (gives_up || waits_for_upstream_) {
    remove();
  } else {
    wait_for_upstream();
  }
}

// A stream of HTTP/2 may still wait for the upstream's window with what the client sent last.
void TcpConnection::wait_for_upstream() {
  if (link_.idle() || !downstream_ended_ || !upstream_ended_) {
    remove();
    return;
  }
  waits_for_upstream_ = true;
  idle_timer_.start(patience_);
}

void TcpConnection::on_upstream_done() {
  if (state_ == State::closing && waits_for_upstream_) remove();
}

void TcpConnection::on_max_duration() {
  service_->stats().max_downstream_connection_duration.inc();
  end(ResponseFlag::duration_timeout, CloseHow::cut, "max_connection_duration_reached");
}

void TcpConnection::on_log_interval() {
  log(observe::AccessLogType::tcp_periodic);
  log_timer_.start(*config().access_log_flush_interval);
}

// The peer is gone, in whatever way.
void TcpConnection::on_closed(int error) {
  if (state_ == State::closed) return;
  bool reset = error == ECONNRESET;
  if (state_ == State::closing) {
    if (reset) link_.give_up(true);
    wait_for_upstream();
    return;
  }
  info_.transport_failure = transport_->failure_reason();
  if (reset) info_.close_type = CloseType::remote_reset;
  link_.give_up(reset);
  end_stream({});
  remove();
}

void TcpConnection::end(ResponseFlags flags, CloseHow how, std::string_view local_reason) {
  if (state_ == State::closing || state_ == State::closed) return;
  if (!local_reason.empty()) info_.local_close_reason = local_reason;
  // Where both sides have ended, the codec is about to say so; what it still has to send goes out.
  if (!downstream_ended_ || !upstream_ended_) link_.give_up(false);
  if (how == CloseHow::reset) info_.close_type = CloseType::local_reset;
  end_stream(flags);
  if (how == CloseHow::reset) {
    reset_on_close(*transport_);
    remove();
    return;
  }
  state_ = State::closing;
  transport_->close_when_flushed();
  patience_ = how == CloseHow::flush ? idle_limit_.value_or(kPatience) : kLinger;
  progress_ = service_->loop().now();
  idle_timer_.start(kLinger);
}

void TcpConnection::end_stream(ResponseFlags flags) {
  duration_timer_.cancel();
  log_timer_.cancel();
  retry_timer_.cancel();
  idle_timer_.cancel();
  attempt_task_.cancel();
  // What a network filter kept for itself was received all the same.
  if (!service_->tls() && transport_->bytes_received() > stream_.request_body_bytes) {
    uint64_t kept = transport_->bytes_received() - stream_.request_body_bytes;
    service_->stats().downstream_cx_rx_bytes_total.add(kept);
    kept_by_filters_ = kept;
  }
  stream_.flags.merge(flags);
  info_.end = stream_.end = service_->loop().now();
  log(observe::AccessLogType::tcp_connection_end);
}

void TcpConnection::close_now(std::string_view reason) {
  if (state_ == State::closed) return;
  link_.give_up(false);
  if (state_ != State::closing) {
    stream_.cause = reason;
    end_stream({});
  }
  remove();
}

void TcpConnection::remove() {
  state_ = State::closed;
  idle_timer_.cancel();
  owner_.on_connection_closed(*this);
}

std::chrono::milliseconds TcpConnection::age() const {
  return std::chrono::duration_cast<milliseconds>(service_->loop().now() - stream_.start);
}

void TcpConnection::log(observe::AccessLogType type) {
  if (service_->access_log().empty() && service_->listener_log().empty()) return;
  stream_.downstream_wire.received = stream_.request_body_bytes;
  stream_.request_body_bytes += kept_by_filters_;
  stream_.downstream_wire.sent = stream_.response_body_bytes;
  if (!config().tunneling) {
    stream_.upstream_wire.sent = stream_.upstream_request_body_bytes;
    stream_.upstream_wire.received = stream_.upstream_response_body_bytes;
  }
  if (attempts_ > 0) stream_.upstream_local_close_reason = info_.local_close_reason;
  if (info_.extras != nullptr) {
    stream_.connection_termination_details = info_.extras->connection_termination_details;
    stream_.flags.merge(info_.extras->flags);
  }
  observe::LogContext context{stream_};
  context.type = type;
  context.runtime = service_->worker().runtime.get();
  service_->access_log().log(context);
  if (type == observe::AccessLogType::tcp_connection_end) service_->listener_log().log(stream_);
}

}  // namespace outrigger::tcp
