// A request that is redirected inside the proxy goes on as another stream, from the first filter
// on.
#include <utility>

#include "proxy/stream/stream.h"

namespace outrigger::stream {

using http::HeaderId;

route::RouteMatchResult Stream::find_route() {
  std::shared_ptr<const config::RouteTable> table = routes_;
  if (service().scopes() != nullptr) table = service().scopes()->find(*request_headers_);
  if (table == nullptr) return {};
  route::RouteInput input{*request_headers_, arena_, random_, this};
  route::RouteMatchResult found = route::match(*table, input);
  // What was found may be named by the log: it stays as long as the stream.
  if (table != routes_) past_routes_.push_back(std::move(table));
  return found;
}

RedirectHistory& Stream::redirect_history() {
  if (redirects_ == nullptr) redirects_ = std::make_unique<RedirectHistory>();
  return *redirects_;
}

void Stream::restart(http::HeaderMap& response, Bytes body, bool has_body,
                     http::HeaderMap* trailers) {
  Stream& next = connection_.add_stream(*encoder_);
  if (!encoder_->hand_over(next)) {  // not for a request that is complete and not answered
    next.encoder_ = nullptr;
    next.end();
    respond_reset({{}, "internal_redirect", "the redirected request could not be begun anew"},
                  http::ResetReason::local_reset);
    return;
  }
  encoder_ = nullptr;
  response_headers_ = &response;
  info_.details = "internal_redirect";
  end();
  next.continue_from(*this, body, has_body, trailers);
}

// `before` has ended; its memory is there to the end of the turn.
void Stream::continue_from(Stream& before, Bytes body, bool has_body,
                           const http::HeaderMap* trailers) {
  redirected_ = true;
  redirects_ = std::move(before.redirects_);
  info_.downstream_wire = before.info_.downstream_wire;
  info_.downstream_remote = before.info_.downstream_remote;
  auto* headers = arena_.make<http::HeaderMap>(arena_);
  headers->copy_from(*before.request_headers_);
  info_.request_id = headers->get(HeaderId::x_request_id);
  on_headers(*headers, !has_body && trailers == nullptr);
  if (has_body && !ended_) on_body(body, trailers == nullptr);
  if (trailers == nullptr || ended_) return;
  auto* copy = arena_.make<http::HeaderMap>(arena_);
  copy->copy_from(*trailers);
  on_trailers(*copy);
}

}  // namespace outrigger::stream
