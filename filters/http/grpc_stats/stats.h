// cluster.<name>.grpc.[<service>.<method>.]*. Thread: any; workers count in their own shards;
// finding a scope takes a lock, once for each request. Lifetime: the factory's.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "api/stats.h"

namespace outrigger::filters::grpc_stats {

struct GrpcStats {
  static constexpr unsigned kStatuses = 17;  // OK to UNAUTHENTICATED

  Counter status[kStatuses];  // "0", "1", ...
  Counter success, failure, total;
  Counter request_message_count, response_message_count;
  Histogram upstream_rq_time;

  static const StatsLayout& layout();
};

struct MethodName {
  std::string service;  // empty: all methods together
  std::string method;
};

class Scopes {
 public:
  // Names come from requests: a client that makes them up must not fill the memory.
  static constexpr size_t kMaxScopes = 1000;

  explicit Scopes(StatsRegistry& registry) : registry_(registry) {}
  // nullptr: there are too many already.
  GrpcStats* find(std::string_view cluster, const MethodName& name, unsigned worker);

 private:
  StatsRegistry& registry_;
  std::mutex mutex_;
  std::map<std::string, StatsScopePtr, std::less<>> scopes_;  // by prefix
};

}  // namespace outrigger::filters::grpc_stats
