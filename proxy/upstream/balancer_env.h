// BalancerEnv: what balancers may ask of their worker besides the hosts. Thread: that worker.
// Lifetime: what it names outlives the balancers. Each may be nullptr: then time stands still, the
// runtime says nothing, nobody counts.
#pragma once

#include "api/config/load_balancing.h"
#include "api/config/runtime_snapshot.h"
#include "api/stats_cluster.h"
#include "api/stream_info.h"
#include "proxy/runtime/loop.h"

namespace outrigger::upstream {

class ClusterTable;

struct BalancerEnv {
  const runtime::Loop* loop = nullptr;
  const config::RuntimeSnapshotPtr* runtime = nullptr;  // in force at the time
  ClusterStats* stats = nullptr;
  const ClusterTable* table = nullptr;  // where other clusters are

  MonotonicTime now() const { return loop == nullptr ? MonotonicTime() : loop->now(); }
  // What the runtime says under this key, if it says a number.
  double number(const config::RuntimeNumber& number) const;
};

inline double BalancerEnv::number(const config::RuntimeNumber& number) const {
  if (number.runtime_key.empty() || runtime == nullptr || *runtime == nullptr) return number.value;
  const config::RuntimeValue* value = (*runtime)->find(number.runtime_key);
  return value == nullptr ? number.value : value->decimal.value_or(number.value);
}

}  // namespace outrigger::upstream
