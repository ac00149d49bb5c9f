// WorkerServices: what connections and streams of ONE worker share. No globals: everything that
// they use of the process comes from here. Thread: that worker, except ServerState, which the main
// thread writes. Lifetime: the worker's.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "api/config/bootstrap.h"
#include "api/config/runtime_snapshot.h"
#include "api/grpc/client.h"
#include "api/http/async_client.h"
#include "api/stats.h"
#include "proxy/observe/http_date.h"
#include "proxy/observe/log_writer.h"
#include "proxy/runtime/loop.h"
#include "proxy/stream/drain_ramp.h"
#include "proxy/upstream/cluster_table.h"

namespace outrigger::stream {

// Written by the main thread, read by workers.
struct ServerState {
  std::atomic<bool> health_check_failed{false};
  std::atomic<bool> draining{false};
  DrainRamp ramp;
};

// xoshiro256**: fast and good enough for balancing, sampling and request ids that need not be
// secret.
class Random {
 public:
  explicit Random(uint64_t seed) {
    for (uint64_t& word : state_) {  // splitmix64 spreads the seed
      seed += 0x9e3779b97f4a7c15ULL;
      uint64_t z = seed;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
      z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
      word = z ^ (z >> 31);
    }
  }
  uint64_t next() {
    auto rotl = [](uint64_t x, int k) { return (x << k) | (x >> (64 - k)); };
    uint64_t result = rotl(state_[1] * 5, 7) * 9;
    uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = rotl(state_[3], 45);
    return result;
  }

 private:
  uint64_t state_[4];
};

struct WorkerServices {
  unsigned worker;
  runtime::Loop& loop;
  upstream::ClusterTable& clusters;
  Random& random;
  ServerState& server;
  observe::LogWriter& logs;
  observe::HttpDate& date;
  config::RuntimeSnapshotPtr runtime;  // replaced by the main thread through Loop::post
  const config::NodeIdentity& node;
  std::string hostname;
  std::string local_ip = {};       // what others can reach this machine by; empty: not known
  StatsRegistry* stats = nullptr;  // where statistics are made with their first value; nullptr: not
  // Of filters; nullptr only where none has a use for them.
  http::AsyncClient* http_client = nullptr;
  grpc::ClientFactory* grpc_clients = nullptr;
};

}  // namespace outrigger::stream
