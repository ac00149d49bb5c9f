// Object: what a script holds of ours, and how its methods are called. Thread: the worker's.
// Lifetime: Lua's; what it stands for lasts until the script is suspended (the handle: as long as
// its run), and a call after that is an error of the script.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "lua.hpp"

namespace outrigger::filters::lua {

class Run;

enum class Kind : uint8_t {
  handle,
  headers,
  body,
  metadata,
  stream_info,
  dynamic_metadata,
  filter_state,
  connection_stream_info,
  connection,
  tls,
  x509_name,
  public_key,
  virtual_host,
  route,
  count
};

// Which header map an object of Kind::headers stands for.
enum class Part : uint8_t {
  headers,
  trailers,
  request_headers,  // as the response's script sees them
  count
};

struct Object {
  Kind kind;
  Part part;
  uint32_t place;
  uint64_t serial;
  const void* target;  // lives as long as the serial is good
};

// A method: pushes its results and returns their number, or one of these.
using Method = int (*)(lua_State* state, Run& run, Object& self);
inline constexpr int kFailed = -1;   // a message is on the stack
inline constexpr int kSuspend = -2;  // the coroutine waits; what it is resumed with are the results
int fail(lua_State* state, std::string_view message);

void register_types(lua_State* state);
// Pushes a new object that is good until the run's next suspension.
Object& push_object(lua_State* state, const Run& run, Kind kind, const void* target = nullptr);
inline void push_text(lua_State* state, std::string_view text) {
  lua_pushlstring(state, text.data(), text.size());
}
// An argument as luaL_check* takes it, which raises: nothing that the caller owns may be alive.
inline std::string_view text_argument(lua_State* state, int index) {
  size_t size = 0;
  const char* text = luaL_checklstring(state, index, &size);
  return {text, size};
}

// The object that a method is called on; raises what a wrong one deserves.
Run* receiver(lua_State* state, Object* object);
int raise_failure(lua_State* state);

// The frames that may be left by an error own nothing.
template <Kind kind, Method method>
int call_method(lua_State* state);
// Of an iterator: the object is what it was made with.
template <Method method>
int call_iterator(lua_State* state);

Object* object_argument(lua_State* state, Kind kind);

template <Method method>
int call_on(lua_State* state, Object* object) {
  Run* run = receiver(state, object);
  int results = run == nullptr ? fail(state, "object used outside of proper scope")
                               : method(state, *run, *object);
  if (results >= 0) return results;
  return results == kSuspend ? lua_yield(state, 0) : raise_failure(state);
}

template <Kind kind, Method method>
int call_method(lua_State* state) {
  return call_on<method>(state, object_argument(state, kind));
}

template <Method method>
int call_iterator(lua_State* state) {
  return call_on<method>(state, static_cast<Object*>(lua_touserdata(state, lua_upvalueindex(1))));
}

// The methods of each kind, by file.
using Methods = std::span<const luaL_Reg>;
Methods handle_methods();
Methods headers_methods();
Methods body_methods();
Methods metadata_methods();
Methods dynamic_metadata_methods();
Methods filter_state_methods();
Methods stream_info_methods();
Methods connection_stream_info_methods();
Methods connection_methods();
Methods tls_methods();
Methods x509_name_methods();
Methods public_key_methods();
Methods virtual_host_methods();
Methods route_methods();

}  // namespace outrigger::filters::lua
