// ListenerCounts: a listener's connections as one thread counts them: listener.<address>.* and
// listener.<address>.worker_<n>.*. Thread: that one. Lifetime: the listener's configuration is
// kept by whoever has the counts.
#pragma once

#include <chrono>

#include "api/config/listener.h"
#include "api/stats_server.h"
#include "api/stream_info.h"

namespace outrigger {

class ListenerCounts {
 public:
  ListenerCounts(const config::Listener& listener, unsigned worker)
      : all_(listener.stats->local<ListenerStats>(worker)) {
    if (worker < listener.worker_stats.size())
      own_ = &listener.worker_stats[worker]->local<ListenerWorkerStats>(worker);
  }
  ListenerCounts(ListenerStats& all, ListenerWorkerStats& own) : all_(all), own_(&own) {}

  // It has its filter chain.
  void note_accepted() {
    all_.downstream_cx_total.inc();
    if (own_ != nullptr) own_->downstream_cx_total.inc();
  }
  // Somebody holds it, and does so no more.
  void note_held() {
    all_.downstream_cx_active.inc();
    if (own_ != nullptr) own_->downstream_cx_active.inc();
  }
  void note_let_go() {
    all_.downstream_cx_active.dec();
    if (own_ != nullptr) own_->downstream_cx_active.dec();
  }
  // It is over.
  void note_ended(MonotonicTime::duration age) {
    all_.downstream_cx_destroy.inc();
    all_.downstream_cx_length_ms.record(
        static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(age).count()));
  }
  ListenerStats& all() { return all_; }

 private:
  ListenerStats& all_;
  ListenerWorkerStats* own_ = nullptr;  // nullptr: nobody asked for them
};

}  // namespace outrigger
