// The handle that envoy_on_request and envoy_on_response are given.
#include "api/log_level.h"
#include "api/net/address.h"
#include "filters/http/lua/arguments.h"
#include "filters/http/lua/crypto_api.h"
#include "filters/http/lua/filter.h"
#include "filters/http/lua/http_call_api.h"
#include "filters/http/lua/object.h"
#include "filters/http/lua/run.h"
#include "filters/http/lua/value.h"

namespace outrigger::filters::lua {
namespace {

constexpr std::string_view kFilterName = "envoy.filters.http.lua";
const MetadataStruct kNothing;

int headers(lua_State* state, Run& run, Object&) {
  push_object(state, run, Kind::headers).part = Part::headers;
  return 1;
}

int request_headers(lua_State* state, Run& run, Object&) {
  push_object(state, run, Kind::headers).part =
      run.is_request() ? Part::headers : Part::request_headers;
  return 1;
}

int body(lua_State* state, Run& run, Object&) {
  bool always_wrap = false;
  if (lua_gettop(state) >= 2) {
    luaL_checktype(state, 2, LUA_TBOOLEAN);
    always_wrap = lua_toboolean(state, 2) != 0;
  }
  if (run.body_seen() && !run.body_held()) {
    return fail(state, run.end_seen() ? "cannot call body() after body has been streamed"
                                      : "cannot call body() after body streaming has started");
  }
  if (!run.end_seen()) {
    if (!run.may_wait(state)) return fail_to_wait(state);
    run.wait_for_body(always_wrap);
    return kSuspend;
  }
  if (!run.has_body()) {
    if (!always_wrap || run.headers_passed()) return 0;
    run.add_body();
  }
  push_object(state, run, Kind::body);
  return 1;
}

int next_chunk(lua_State* state, Run& run, Object&) {
  if (run.end_seen()) return 0;
  if (!run.may_wait(state)) return fail_to_wait(state);
  run.wait_for(Run::State::body_chunk);
  return kSuspend;
}

int body_chunks(lua_State* state, Run& run, Object&) {
  if (run.body_seen()) return fail(state, "cannot call bodyChunks after body processing has begun");
  lua_pushvalue(state, 1);
  lua_pushcclosure(state, &call_iterator<&next_chunk>, 1);
  return 1;
}

int trailers(lua_State* state, Run& run, Object&) {
  if (run.trailers() != nullptr) {
    push_object(state, run, Kind::headers).part = Part::trailers;
    return 1;
  }
  if (run.end_seen()) return 0;
  if (!run.may_wait(state)) return fail_to_wait(state);
  run.wait_for(Run::State::trailers);
  return kSuspend;
}

template <LogLevel level>
int log(lua_State* state, Run& run, Object&) {
  size_t size = 0;
  const char* text = luaL_checklstring(state, 2, &size);
  std::string line = "script log: ";
  line.append(text, size);
  run.context().script_log(level, line);
  return 0;
}

int metadata(lua_State* state, Run& run, Object&) {
  const config::Route* route = run.context().route();
  const MetadataStruct* found = &kNothing;
  if (route != nullptr) {
    const MetadataStruct& filters = route->metadata.filters;
    const MetadataValue* value = filters.find(run.context().name());
    if (value == nullptr) value = filters.find(kFilterName);
    if (value != nullptr && value->object() != nullptr) found = value->object();
  }
  push_object(state, run, Kind::metadata, found);
  return 1;
}

int filter_context(lua_State* state, Run& run, Object&) {
  const MetadataStruct* values = run.filter_context();
  push_object(state, run, Kind::metadata, values == nullptr ? &kNothing : values);
  return 1;
}

// Of route or virtual host, under the filter's name.
int push_own(lua_State* state, Run& run, const Metadata* metadata) {
  const MetadataValue* value =
      metadata == nullptr ? nullptr : metadata->filters.find(run.context().name());
  const MetadataStruct* found = value == nullptr ? nullptr : value->object();
  push_object(state, run, Kind::metadata, found == nullptr ? &kNothing : found);
  return 1;
}

int virtual_host_metadata(lua_State* state, Run& run, Object&) {
  run.context().route();  // matches it where a script changed what it depends on
  const config::VirtualHost* host = run.context().info().virtual_host;
  return push_own(state, run, host == nullptr ? nullptr : &host->metadata);
}

int route_metadata(lua_State* state, Run& run, Object&) {
  const config::Route* route = run.context().route();
  return push_own(state, run, route == nullptr ? nullptr : &route->metadata);
}

template <Kind kind>
int child(lua_State* state, Run& run, Object&) {
  push_object(state, run, kind);
  return 1;
}

// "10.0.0.1", "10.0.0.1:80", "[::1]:80"
bool is_address(std::string_view text) {
  if (net::Address::from_ip(text, 0)) return true;
  size_t colon = text.rfind(':');
  uint64_t port = 0;
  if (colon == std::string_view::npos || !http::parse_decimal(text.substr(colon + 1), port) ||
      port > 65535)
    return false;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return net::Address::from_ip(host, static_cast<uint16_t>(port)).has_value();
}

int set_upstream_override_host(lua_State* state, Run& run, Object&) {
  std::string_view host = text_argument(state, 2);
  if (!is_address(host)) return fail(state, "host is not a valid IP address");
  bool strict = false;
  if (lua_gettop(state) >= 3) {
    luaL_checktype(state, 3, LUA_TBOOLEAN);
    strict = lua_toboolean(state, 3) != 0;
  }
  FilterContext& context = run.context();
  StreamExtras& extras = context.info().make_extras(context.arena());
  extras.override_host = context.arena().copy(host);
  extras.override_host_strict = strict;
  return 0;
}

int clear_route_cache(lua_State*, Run& run, Object&) {
  run.context().clear_route();
  return 0;
}

constexpr luaL_Reg kMethods[] = {
    {"headers", &call_method<Kind::handle, &headers>},
    {"requestHeaders", &call_method<Kind::handle, &request_headers>},
    {"body", &call_method<Kind::handle, &body>},
    {"bodyChunks", &call_method<Kind::handle, &body_chunks>},
    {"trailers", &call_method<Kind::handle, &trailers>},
    {"logTrace", &call_method<Kind::handle, &log<LogLevel::trace>>},
    {"logDebug", &call_method<Kind::handle, &log<LogLevel::debug>>},
    {"logInfo", &call_method<Kind::handle, &log<LogLevel::info>>},
    {"logWarn", &call_method<Kind::handle, &log<LogLevel::warning>>},
    {"logErr", &call_method<Kind::handle, &log<LogLevel::error>>},
    {"logCritical", &call_method<Kind::handle, &log<LogLevel::critical>>},
    {"httpCall", &call_method<Kind::handle, &http_call>},
    {"respond", &call_method<Kind::handle, &respond>},
    {"metadata", &call_method<Kind::handle, &metadata>},
    {"filterContext", &call_method<Kind::handle, &filter_context>},
    {"virtualHost", &call_method<Kind::handle, &child<Kind::virtual_host>>},
    {"route", &call_method<Kind::handle, &child<Kind::route>>},
    {"streamInfo", &call_method<Kind::handle, &child<Kind::stream_info>>},
    {"connectionStreamInfo", &call_method<Kind::handle, &child<Kind::connection_stream_info>>},
    {"connection", &call_method<Kind::handle, &child<Kind::connection>>},
    {"importPublicKey", &call_method<Kind::handle, &import_public_key>},
    {"verifySignature", &call_method<Kind::handle, &verify_signature>},
    {"base64Escape", &call_method<Kind::handle, &base64_escape>},
    {"base64Decode", &call_method<Kind::handle, &base64_decode>},
    {"timestamp", &call_method<Kind::handle, &timestamp>},
    {"timestampString", &call_method<Kind::handle, &timestamp_string>},
    {"setUpstreamOverrideHost", &call_method<Kind::handle, &set_upstream_override_host>},
    {"clearRouteCache", &call_method<Kind::handle, &clear_route_cache>},
};

constexpr luaL_Reg kVirtualHost[] = {
    {"metadata", &call_method<Kind::virtual_host, &virtual_host_metadata>}};
constexpr luaL_Reg kRoute[] = {{"metadata", &call_method<Kind::route, &route_metadata>}};

}  // namespace

Methods handle_methods() {
  return kMethods;
}
Methods virtual_host_methods() {
  return kVirtualHost;
}
Methods route_methods() {
  return kRoute;
}

}  // namespace outrigger::filters::lua
