#include "filters/http/buffer/filter.h"

#include <string>

namespace outrigger::filters::buffer {

using http::HeaderId;

Verdict BufferFilter::on_request_headers(FilterContext& context, http::HeaderMap&,
                                         bool end_stream) {
  if (end_stream) return Verdict::next();
  if (const auto* route = static_cast<const BufferRouteConfig*>(context.route_config())) {
    if (route->disabled) return Verdict::next();
    max_request_bytes_ = route->max_request_bytes;
  }
  context.set_request_buffer_limit(max_request_bytes_);
  holding_ = true;
  return Verdict::hold();
}

Verdict BufferFilter::on_request_body(FilterContext& context, std::string_view body,
                                      bool end_stream) {
  if (!holding_) return Verdict::next();
  body_bytes_ += body.size();
  if (!end_stream) return Verdict::hold();
  add_content_length(context);
  return Verdict::next();
}

Verdict BufferFilter::on_request_trailers(FilterContext& context, http::HeaderMap&) {
  if (holding_) add_content_length(context);
  return Verdict::next();
}

void BufferFilter::add_content_length(FilterContext& context) {
  http::HeaderMap& headers = context.request_headers();
  if (headers.has(HeaderId::content_length)) return;
  // A message with both would have two lengths.
  headers.remove(HeaderId::transfer_encoding);
  headers.set_copy(HeaderId::content_length, std::to_string(body_bytes_));
}

ArenaPtr<HttpFilter> BufferFactory::create(Arena& arena) const {
  return make_in_arena<BufferFilter>(arena, max_request_bytes_);
}

}  // namespace outrigger::filters::buffer
