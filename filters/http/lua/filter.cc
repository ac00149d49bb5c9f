#include "filters/http/lua/filter.h"

namespace outrigger::filters::lua {

Verdict LuaFilter::on_request_headers(FilterContext& context, http::HeaderMap& headers,
                                      bool end_stream) {
  return start(request_, context, headers, end_stream);
}

Verdict LuaFilter::on_response_headers(FilterContext& context, http::HeaderMap& headers,
                                       bool end_stream) {
  return start(response_, context, headers, end_stream);
}

Verdict LuaFilter::start(Run& run, FilterContext& context, http::HeaderMap& headers,
                         bool end_stream) {
  const LuaSettings& settings = factory_.settings();
  const Script* script = settings.script.get();
  const auto* route = static_cast<const LuaRouteConfig*>(context.route_config());
  if (route != nullptr) {
    if (route->disabled) return Verdict::next();
    if (!route->name.empty()) {
      auto named = settings.named.find(route->name);
      script = named == settings.named.end() ? nullptr : named->second.get();
    } else if (route->script != nullptr) {
      script = route->script.get();
    }
  }
  if (script == nullptr) return Verdict::next();
  return run.on_headers(context, headers, end_stream, *script,
                        route == nullptr ? nullptr : &route->filter_context);
}

void LuaFilter::on_stream_end(FilterContext&) {
  request_.stop();
  response_.stop();
}

ArenaPtr<HttpFilter> LuaFactory::create(Arena& arena) const {
  return make_in_arena<LuaFilter>(arena, *this);
}

}  // namespace outrigger::filters::lua
