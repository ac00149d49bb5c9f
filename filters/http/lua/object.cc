#include "filters/http/lua/object.h"

#include "filters/http/lua/run.h"
#include "filters/http/lua/vm.h"

namespace outrigger::filters::lua {
namespace {

struct Type {
  const char* name;
  Methods (*methods)();
};

// By Kind.
constexpr Type kTypes[] = {
    {"envoy.handle", &handle_methods},
    {"envoy.headers", &headers_methods},
    {"envoy.body", &body_methods},
    {"envoy.metadata", &metadata_methods},
    {"envoy.stream_info", &stream_info_methods},
    {"envoy.dynamic_metadata", &dynamic_metadata_methods},
    {"envoy.filter_state", &filter_state_methods},
    {"envoy.connection_stream_info", &connection_stream_info_methods},
    {"envoy.connection", &connection_methods},
    {"envoy.tls", &tls_methods},
    {"envoy.x509_name", &x509_name_methods},
    {"envoy.public_key", &public_key_methods},
    {"envoy.virtual_host", &virtual_host_methods},
    {"envoy.route", &route_methods},
};
static_assert(std::size(kTypes) == static_cast<size_t>(Kind::count));

const char* type_name(Kind kind) {
  return kTypes[static_cast<unsigned>(kind)].name;
}

}  // namespace

int fail(lua_State* state, std::string_view message) {
  push_text(state, message);
  return kFailed;
}

// As luaL_error: the place in the script, then the message.
int raise_failure(lua_State* state) {
  luaL_where(state, 1);
  lua_insert(state, -2);
  lua_concat(state, 2);
  return lua_error(state);
}

void register_types(lua_State* state) {
  for (const Type& type : kTypes) {
    luaL_newmetatable(state, type.name);
    for (const luaL_Reg& method : type.methods()) {
      lua_pushcfunction(state, method.func);
      lua_setfield(state, -2, method.name);
    }
    lua_pushvalue(state, -1);
    lua_setfield(state, -2, "__index");
    lua_pop(state, 1);
  }
}

Object& push_object(lua_State* state, const Run& run, Kind kind, const void* target) {
  auto* object = static_cast<Object*>(lua_newuserdata(state, sizeof(Object)));
  const Vm& vm = Vm::of(state);
  uint32_t place = run.place();
  uint64_t serial = kind == Kind::handle ? vm.run_serial(place) : vm.turn_serial(place);
  *object = {kind, Part::headers, place, serial, target};
  luaL_getmetatable(state, type_name(kind));
  lua_setmetatable(state, -2);
  return *object;
}

Object* object_argument(lua_State* state, Kind kind) {
  return static_cast<Object*>(luaL_checkudata(state, 1, type_name(kind)));
}

Run* receiver(lua_State* state, Object* object) {
  Vm& vm = Vm::of(state);
  return object->kind == Kind::handle ? vm.find_run(object->place, object->serial)
                                      : vm.find_turn(object->place, object->serial);
}

}  // namespace outrigger::filters::lua
