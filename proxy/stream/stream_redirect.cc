// A request that is redirected inside the proxy goes on as another stream, from the first filter
// on.
#include <utility>

#include "proxy/route/absolute_url.h"
#include "proxy/route/redirect.h"
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
  if (begin_anew(response, body, has_body, trailers)) return;
  respond_reset({{}, "internal_redirect", "the redirected request could not be begun anew"},
                http::ResetReason::local_reset);
}

bool Stream::begin_anew(http::HeaderMap& response, Bytes body, bool has_body,
                        http::HeaderMap* trailers) {
  Stream& next = connection_.add_stream(*encoder_);
  if (!encoder_->hand_over(next)) {  // not for a request that is complete and not answered
    next.encoder_ = nullptr;
    next.end();
    return false;
  }
  encoder_ = nullptr;
  response_headers_ = &response;
  info_.details = "internal_redirect";
  end();
  next.continue_from(*this, body, has_body, trailers);
  return true;
}

// A filter's: what the first stream was asked for is answered from elsewhere.
DetourResult Stream::take(const Detour& detour, http::HeaderMap& response) {
  bool possible = !ended_ && encoder_ != nullptr && request_complete_ && !response_headers_sent_ &&
                  !upgrade_ && request_headers_ != nullptr;
  if (!possible) return DetourResult::not_possible;
  http::HeaderMap saved(arena_);
  saved.copy_from(*request_headers_);
  DetourResult turned = turn_request(detour);
  if (turned == DetourResult::begun) {
    redirect_history().mark = detour.mark;
    if (begin_anew(response, {}, false, nullptr)) return turned;
    redirects_->mark = nullptr;
    turned = DetourResult::not_possible;
  }
  request_headers_->clear();
  request_headers_->copy_from(saved);
  return turned;
}

// Makes the request the one that the detour wants, if there is a route for that.
DetourResult Stream::turn_request(const Detour& detour) {
  http::HeaderMap& headers = *request_headers_;
  std::string_view text = detour.url;
  if (text.empty()) text = route::redirect_location(*detour.redirect, headers, arena_);
  std::optional<route::AbsoluteUrl> url = route::parse_absolute_url(text);
  if (!url) return DetourResult::invalid_url;
  headers.set_copy(HeaderId::scheme, url->scheme);
  headers.set_copy(HeaderId::authority, url->authority);
  headers.set_copy(HeaderId::path, url->path);
  if (detour.request_headers != nullptr) route::apply(*detour.request_headers, headers, *this);
  route::RouteMatchResult target = find_route();
  if (target.route == nullptr && !target.needs_tls) return DetourResult::no_route;
  // The log of what ends here names what it led to, as Envoy's does.
  info_.route = target.route;
  info_.virtual_host = target.host;
  headers.set(HeaderId::method, "GET");
  headers.remove(HeaderId::content_length);
  return DetourResult::begun;
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
