// Functions of the handle that need no stream: keys and signatures, Base64, the time. Thread: the
// worker's.
#pragma once

#include "filters/http/lua/object.h"

namespace outrigger::filters::lua {

int import_public_key(lua_State* state, Run& run, Object& self);
int verify_signature(lua_State* state, Run& run, Object& self);
int base64_escape(lua_State* state, Run& run, Object& self);
int base64_decode(lua_State* state, Run& run, Object& self);
int timestamp(lua_State* state, Run& run, Object& self);
int timestamp_string(lua_State* state, Run& run, Object& self);

}  // namespace outrigger::filters::lua
