// Counting of responses by the class of their code, the same way everywhere. Thread: the shard's.
#pragma once

#include "api/stats.h"

namespace outrigger {

// `stats` has <prefix>_1xx .. _5xx as members; returns the one for the code, or nullptr.
template <class Stats>
Counter* class_counter(int code, Counter Stats::*const (&members)[5], Stats& stats) {
  int index = code / 100 - 1;
  return index < 0 || index > 4 ? nullptr : &(stats.*members[index]);
}

// Stats: HttpStats or ListenerHttpStats.
template <class Stats>
void count_downstream_response(Stats& stats, int code) {
  static constexpr Counter Stats::*kClasses[5] = {
      &Stats::downstream_rq_1xx, &Stats::downstream_rq_2xx, &Stats::downstream_rq_3xx,
      &Stats::downstream_rq_4xx, &Stats::downstream_rq_5xx};
  if (Counter* counter = class_counter(code, kClasses, stats)) counter->inc();
  stats.downstream_rq_completed.inc();
}

}  // namespace outrigger
