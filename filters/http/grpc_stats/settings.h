// Settings: which gRPC methods are counted one by one, compiled. Thread: any; immutable. Lifetime:
// the filter factory's. Semantics: envoy.extensions.filters.http.grpc_stats.v3.FilterConfig.
#pragma once

#include <map>
#include <set>
#include <string>

namespace outrigger::filters::grpc_stats {

struct Settings {
  bool emit_filter_state = false;
  bool all_methods = false;
  // Methods by service; an empty set is all of the service's.
  std::map<std::string, std::set<std::string, std::less<>>, std::less<>> methods;
  bool upstream_time = false;
  bool replace_dots = false;
};

}  // namespace outrigger::filters::grpc_stats
