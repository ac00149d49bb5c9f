// Statistics of one Lua filter: "http.<stat_prefix>.lua.[<its own prefix>.]".
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/lua_filter#statistics
#pragma once

#include "api/stats.h"

namespace outrigger::filters::lua {

#define OUTRIGGER_LUA_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(errors)                                             \
  COUNTER(executions)
OUTRIGGER_DEFINE_STATS(LuaStats, OUTRIGGER_LUA_STATS)

}  // namespace outrigger::filters::lua
