// MethodScopes: cluster.<name>.<protocol>.<service>.<method>.*, what calls to one method came to.
// Thread: any; workers count in their own shards; finding a scope takes a lock, once for each call.
// Lifetime: the filter factory's.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "api/stats.h"

namespace outrigger::grpc {

struct MethodStats {
  static constexpr unsigned kStatuses = 17;  // OK to UNAUTHENTICATED

  Counter status[kStatuses];  // "0", "1", ...
  Counter success, failure, total;

  // `status`: of a grpc-status field; what is no number counts as a failure alone.
  void count(std::string_view status_text);

  static const StatsLayout& layout();
};

class MethodScopes {
 public:
  // Names come from requests: a client that makes them up must not fill the memory.
  static constexpr size_t kMaxScopes = 1000;

  // `protocol`: "grpc", "grpc-web"; static text.
  MethodScopes(StatsRegistry& registry, std::string_view protocol)
      : registry_(registry), protocol_(protocol) {}
  // `path`: "/package.Service/Method". nullptr: it is something else, or there are too many
  // already.
  MethodStats* find(std::string_view cluster, std::string_view path, unsigned worker);

 private:
  StatsRegistry& registry_;
  std::string_view protocol_;
  std::mutex mutex_;
  std::map<std::string, StatsScopePtr, std::less<>> scopes_;  // by prefix
};

}  // namespace outrigger::grpc
