// ListenerStatNames: the names of a listener's statistics: listener.<address>.*, of which only an
// address is a tag; a configured prefix is part of the names. Thread: main. Lifetime: the
// listener's compilation.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"

#include "api/stats.h"
#include "xds/compile_environment.h"

namespace outrigger::xds {

class ListenerStatNames {
 public:
  // `name`: the configured prefix, or the address.
  ListenerStatNames(const std::string& name, bool is_address)
      : tagged_(is_address), value_(stat_name(name)) {}

  // "listener.<address>."
  std::string prefix() const { return fmt::format("listener.{}.", value_); }
  // The same without what tags carry: "listener.".
  std::string extracted() const { return tagged_ ? "listener." : prefix(); }
  std::vector<StatTag> tags() const {
    if (!tagged_) return {};
    return {{"envoy.listener_address", value_}};
  }

  template <class Stats>
  StatsScopePtr scope(const std::string& below, StatsRegistry& stats) const {
    return stats.scope<Stats>(prefix() + below, extracted() + below, tags());
  }
  // listener.<address>.worker_<n>.
  template <class Stats>
  StatsScopePtr worker_scope(unsigned worker, StatsRegistry& stats) const {
    std::vector<StatTag> all = tags();
    std::string number = std::to_string(worker);
    all.push_back({"envoy.worker_id", number});
    return stats.scope<Stats>(fmt::format("{}worker_{}.", prefix(), number),
                              extracted() + "worker.", std::move(all));
  }
  // listener.<address>.http.<stat_prefix>.
  template <class Stats>
  StatsScopePtr http_scope(const std::string& manager, StatsRegistry& stats) const {
    std::vector<StatTag> all = tags();
    std::string value = stat_name(manager);
    all.push_back({"envoy.http_conn_manager_prefix", value});
    return stats.scope<Stats>(fmt::format("{}http.{}.", prefix(), value), extracted() + "http.",
                              std::move(all));
  }

 private:
  bool tagged_;
  std::string value_;
};

}  // namespace outrigger::xds
