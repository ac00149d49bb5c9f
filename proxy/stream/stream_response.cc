// A stream's response: from the router or made here, through the filters, to the client.
#include <utility>

#include "proxy/stream/forwarding_headers.h"
#include "proxy/stream/http_service.h"
#include "proxy/stream/local_reply.h"
#include "proxy/stream/response_codes.h"
#include "proxy/stream/stream.h"

namespace outrigger::stream {

using http::HeaderId;

void Stream::respond_informational(http::HeaderMap& headers) {
  if (ended_ || response_headers_sent_ || encoder_ == nullptr) return;
  if (headers.get(HeaderId::status) == "100" && !service().config().proxy_100_continue)
    return;  // it was sent at once
  encoder_->send_informational(headers);
}

void Stream::respond_headers(http::HeaderMap& headers, bool end_stream) {
  if (ended_) return;
  remove_hop_by_hop(headers, upgrade_ && headers.get(HeaderId::status) == "101");
  chain_.response_headers(headers, end_stream);
}

void Stream::respond_body(Bytes body, bool end_stream) {
  if (!ended_) chain_.response_body(body, end_stream);
}

void Stream::respond_trailers(http::HeaderMap& trailers) {
  if (!ended_) chain_.response_trailers(trailers);
}

void Stream::respond_reset(const Outcome& outcome, http::ResetReason) {
  give_up(outcome, http::ResetReason::local_reset);
}

void Stream::encode_headers(http::HeaderMap& headers, bool end_stream) {
  if (ended_ || response_headers_sent_ || encoder_ == nullptr) return;
  connection_.before_response();
  const config::HttpConnectionManager& config = service().config();
  response_headers_ = &headers;
  int code = status_of(headers);
  info_.response_code = code;
  if (!headers.has(HeaderId::date) || !local_) {
    if (!headers.has(HeaderId::date))
      headers.set(HeaderId::date, arena_.copy(services().date.at(services().loop.system_now())));
  }
  switch (config.server_header) {
    case config::ServerHeader::overwrite:
      headers.set(HeaderId::server, config.server_name);
      break;
    case config::ServerHeader::append_if_absent:
      if (!headers.has(HeaderId::server)) headers.set(HeaderId::server, config.server_name);
      break;
    case config::ServerHeader::pass_through:
      break;
  }
  append_via(headers, config.via);
  if (config.always_set_request_id_in_response && !info_.request_id.empty())
    headers.set(HeaderId::x_request_id, info_.request_id);
  tunnel_ = upgrade_ && (code == 101 ||
                         (code / 100 == 2 && request_headers_->get(HeaderId::method) == "CONNECT"));
  if (tunnel_) {
    service().stats().downstream_cx_upgrades_total.inc();
    service().stats().downstream_cx_upgrades_active.inc();
    if (extended_connect_) {  // back into HTTP/2's form
      headers.set(HeaderId::status, "200");
      headers.remove(HeaderId::upgrade);
      headers.remove(HeaderId::connection);
    }
  }
  info_.response_header_bytes = headers.byte_size();
  info_.response_first_sent = services().loop.now();
  response_headers_sent_ = true;
  if (end_stream) response_complete_ = true;
  note_activity();
  count_response(code);
  encoder_->send_headers(headers, end_stream);
  if (tunnel_ && service().config().log_on_tunnel_established && !ended_)
    log(config::AccessLogType::downstream_tunnel_established);
  if (end_stream) finish_response();
}

void Stream::encode_body(Bytes body, bool end_stream) {
  if (ended_ || encoder_ == nullptr) return;
  info_.response_body_bytes += body.size();
  note_activity();
  if (end_stream) response_complete_ = true;
  encoder_->send_body(body, end_stream);
  if (end_stream) finish_response();
}

void Stream::encode_trailers(http::HeaderMap& trailers) {
  if (ended_ || encoder_ == nullptr) return;
  // A filter may have taken all of them: no field is no trailers.
  if (trailers.empty()) {
    encode_body({}, true);
    return;
  }
  response_trailers_ = &trailers;
  response_complete_ = true;
  encoder_->send_trailers(trailers);
  finish_response();
}

void Stream::watch_flush() {
  const config::ForwardAction* action =
      matched_.route == nullptr ? nullptr : matched_.route->forward();
  std::optional<std::chrono::milliseconds> flush = service().config().stream_flush_timeout;
  if (action != nullptr && action->flush_timeout) flush = action->flush_timeout;
  if (!flush) return;
  idle_timeout_ = *flush;
  idle_timer_.cancel();
  note_activity();
}

// The codec has the last octet of the response. HTTP/2 may keep it until the client's window opens:
// then the stream lives on until on_stream_closed(), watched by the idle timeout alone.
void Stream::finish_response() {
  if (ended_) return;
  headers_or_duration_timer_.cancel();
  if (encoder_ != nullptr && request_complete_ && !connection_.codec_finished()) {
    watch_flush();
    return;
  }
  if (encoder_ != nullptr) {
    // Nobody waits for the rest of the request, or, in a tunnel, for what the client still has to
    // say.
    if (!request_complete_ && !tunnel_)
      service().stats().downstream_rq_response_before_rq_complete.inc();
    http::StreamEncoder* encoder = std::exchange(encoder_, nullptr);
    encoder->reset(http::ResetReason::local_reset);
  }
  info_.response_last_sent = services().loop.now();
  end();
}

void Stream::count_response(int code) {
  if (info_.health_check) return;
  count_downstream_response(service().stats(), code);
  count_downstream_response(service().listener_http_stats(), code);
}

void Stream::local_reply(const LocalReply& reply) {
  if (ended_) return;
  info_.set_outcome(reply.outcome);
  if (reply.outcome.details == "request_payload_too_large")
    service().stats().downstream_rq_too_large.inc();
  if (reply.outcome.details == "response_payload_too_large") service().stats().rs_too_large.inc();
  if (response_headers_sent_) {
    give_up(reply.outcome, http::ResetReason::local_reset);
    return;
  }
  // As Envoy does: what one cannot make sense of may be anything, and so may what follows it.
  if (reply.code == 400 && info_.protocol != http::Protocol::http2 &&
      !service().config().stream_error_on_invalid_http_message) {
    connection_.close_after_response();
  }
  bool replaces_response = replied_ || response_headers_ != nullptr;
  replied_ = true;
  local_ = true;
  router_.abandon();
  info_.response_code = reply.code;
  LocalReplyRequest request{
      reply,        service().config().local_reply.get(), info_, request_headers_, *this, grpc_,
      head_request_};
  LocalResponse response = make_local_response(request, arena_);
  if (matched_.route != nullptr && reply.outcome.details == "direct_response") {
    route::mutate_response({&route_table(), matched_.host, matched_.route, nullptr},
                           *response.headers, *this);
  }
  local_body_ = response.body;
  response_headers_ = response.headers;
  if (replaces_response) {
    encode_headers(*response.headers, response.body.empty());
    if (!response.body.empty()) encode_body(response.body, true);
    return;
  }
  chain_.response_headers(*response.headers, response.body.empty());
  if (!response.body.empty() && !ended_) chain_.response_body(response.body, true);
}

}  // namespace outrigger::stream
