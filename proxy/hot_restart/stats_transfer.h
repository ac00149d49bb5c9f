// StatsSender: what a process's statistics grew by since it was asked last, for its successor.
// StatsReceiver: adds what the predecessor says to this process's. Counters grow on; of gauges,
// those that count what is there now (connections, requests) are added as long as the predecessor
// lives. Histograms and states of a process stay its own, as with Envoy. Thread: main. Lifetime:
// the server's; the store outlives them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/hot_restart/protocol.h"
#include "proxy/observe/stats_store.h"

namespace outrigger::hot_restart {

// "downstream_cx_active" and its like.
bool accumulates(std::string_view gauge);

class StatsSender {
 public:
  explicit StatsSender(const observe::StatsStore& store) : store_(store) {}
  // Counters that grew, by how much; gauges that changed, what they are.
  std::vector<StatValue> take();

 private:
  using Key = std::pair<std::string, std::string>;
  void add(StatValue::Kind kind, const observe::StoredScope& scope, std::string name,
           uint64_t value, std::vector<StatValue>& out);

  const observe::StatsStore& store_;
  std::map<Key, uint64_t> sent_;
};

class StatsReceiver {
 public:
  explicit StatsReceiver(const observe::StatsStore& store) : store_(store) {}
  // What has no place here yet (a cluster that comes later) is kept and tried again.
  void add(const std::vector<StatValue>& values);
  // The predecessor is gone: nothing of it is there any more.
  void forget_gauges();

 private:
  void apply();

  const observe::StatsStore& store_;
  std::vector<StatValue> waiting_;
};

}  // namespace outrigger::hot_restart
