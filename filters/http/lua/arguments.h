// What functions of the API say alike. Thread: the worker's. Pure.
#pragma once

#include "filters/http/lua/object.h"

namespace outrigger::filters::lua {

inline int fail_to_wait(lua_State* state) {
  return fail(state, "this cannot be called inside a coroutine of the script");
}

}  // namespace outrigger::filters::lua
