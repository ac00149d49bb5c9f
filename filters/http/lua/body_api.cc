// body() and the pieces that bodyChunks() goes through.
#include <string>

#include "filters/http/lua/object.h"
#include "filters/http/lua/run.h"

namespace outrigger::filters::lua {
namespace {

using http::HeaderId;

int length(lua_State* state, Run& run, Object&) {
  lua_pushnumber(state, static_cast<lua_Number>(run.body().size()));
  return 1;
}

int get_bytes(lua_State* state, Run& run, Object&) {
  lua_Integer index = luaL_checkinteger(state, 2);
  lua_Integer size = luaL_checkinteger(state, 3);
  size_t all = run.body().size();
  if (index < 0 || size < 0 || static_cast<size_t>(index) > all ||
      static_cast<size_t>(size) > all - static_cast<size_t>(index)) {
    return fail(state, "index/length must be >= 0 and (index + length) must be <= buffer size");
  }
  std::string joined;
  std::string_view octets =
      run.body().octets(static_cast<size_t>(index), static_cast<size_t>(size), joined);
  push_text(state, octets);
  return 1;
}

int set_bytes(lua_State* state, Run& run, Object&) {
  std::string_view octets = text_argument(state, 2);
  run.body().replace(octets);
  http::HeaderMap& headers = run.headers();
  // A message with both would have two lengths.
  headers.remove(HeaderId::transfer_encoding);
  headers.set_copy(HeaderId::content_length, std::to_string(octets.size()));
  lua_pushnumber(state, static_cast<lua_Number>(octets.size()));
  return 1;
}

constexpr luaL_Reg kMethods[] = {
    {"length", &call_method<Kind::body, &length>},
    {"getBytes", &call_method<Kind::body, &get_bytes>},
    {"setBytes", &call_method<Kind::body, &set_bytes>},
};

}  // namespace

Methods body_methods() {
  return kMethods;
}

}  // namespace outrigger::filters::lua
