// ConnectionServices: what connections, before anything of HTTP, use of their worker. No globals:
// everything comes from here. Thread: that worker. Lifetime: the worker's.
#pragma once

#include <cstdint>
#include <functional>

#include "api/config/runtime_snapshot.h"
#include "proxy/runtime/loop.h"

namespace outrigger::net {

struct ConnectionServices {
  unsigned worker;
  runtime::Loop& loop;
  const config::RuntimeSnapshotPtr& runtime;  // the worker's: replaced between two turns
  std::function<uint64_t()> random;           // 64 bits
};

}  // namespace outrigger::net
