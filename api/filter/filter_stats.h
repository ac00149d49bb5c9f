// The names of an HTTP filter's statistics: "http.<stat_prefix>.<filter>.", of which Envoy makes
// the connection manager's prefix a tag. Thread: main, while configuration is compiled.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/filter/compile_context.h"
#include "api/stats.h"

namespace outrigger {

struct FilterStatNames {
  std::string prefix;     // "http.ingress.fault."
  std::string extracted;  // "http.fault."
  std::vector<StatTag> tags;
};

// `part` ends with a dot: "fault.".
FilterStatNames filter_stat_names(CompileContext& context, std::string_view part);

template <class T>
StatsScopePtr filter_stats(CompileContext& context, std::string_view part) {
  FilterStatNames names = filter_stat_names(context, part);
  return context.stats().scope<T>(std::move(names.prefix), std::move(names.extracted),
                                  std::move(names.tags));
}

}  // namespace outrigger
