#include "filters/http/router/filter.h"

namespace outrigger::filters::router {

Verdict RouterFilter::on_request_headers(FilterContext&, http::HeaderMap&, bool /*end_stream*/) {
  return Verdict::forward();
}

ArenaPtr<HttpFilter> RouterFactory::create(Arena& arena) const {
  return make_in_arena<RouterFilter>(arena);
}

}  // namespace outrigger::filters::router
