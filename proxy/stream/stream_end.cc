// How a stream ends: protocol errors, resets, time; its log line.
#include <utility>

#include "proxy/observe/log_context.h"
#include "proxy/stream/http_service.h"
#include "proxy/stream/stream.h"

namespace outrigger::stream {

using std::chrono::milliseconds;

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

void Stream::end() {
  if (ended_) return;
  ended_ = true;
  idle_timer_.cancel();
  request_timer_.cancel();
  headers_or_duration_timer_.cancel();
  if (log_timer_) log_timer_->cancel();
  router_.abandon();
  info_.end = services().loop.now();
  HttpStats& stats = service().stats();
  stats.downstream_rq_active.dec();
  if (tunnel_) stats.downstream_cx_upgrades_active.dec();
  auto duration = std::chrono::duration_cast<milliseconds>(*info_.end - info_.start).count();
  stats.downstream_rq_time.record(static_cast<uint64_t>(duration));
  chain_.on_stream_end();
  log(config::AccessLogType::downstream_end);
  connection_.remove_stream(*this);
}

void Stream::on_log_interval() {
  log(config::AccessLogType::downstream_periodic);
  log_timer_->start(service().config().log_interval);
}

void Stream::log(config::AccessLogType type) {
  if (service().access_log().empty()) return;
  observe::LogContext context{info_, request_headers_, response_headers_, response_trailers_};
  context.local_reply_body = local_body_;
  context.type = type;
  context.hostname = services().hostname;
  context.runtime = services().runtime.get();
  service().access_log().log(context);
}

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

}  // namespace outrigger::stream
