// handle:httpCall() and handle:respond(). Thread: the stream's worker.
#pragma once

#include "filters/http/lua/object.h"

namespace outrigger::filters::lua {

int http_call(lua_State* state, Run& run, Object& self);
int respond(lua_State* state, Run& run, Object& self);

}  // namespace outrigger::filters::lua
