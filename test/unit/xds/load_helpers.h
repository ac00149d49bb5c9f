// A bootstrap from text, for the tests of its parts.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"

#include "api/stats.h"
#include "xds/bootstrap.h"

namespace outrigger::xds::testing {

class KeepingRegistry final : public StatsRegistry {
 public:
  StatsScopePtr scope(std::string prefix, std::string extracted, std::vector<StatTag> tags,
                      const StatsLayout& layout) override {
    scopes.push_back(std::make_shared<StatsScope>(prefix, extracted, std::move(tags), layout));
    return scopes.back();
  }
  std::vector<StatsScopePtr> scopes;
};

struct Loaded {
  std::vector<std::string> errors;
  std::vector<std::string> warnings;
  config::Bootstrap compiled;
  BootstrapProto proto;
  std::shared_ptr<KeepingRegistry> stats = std::make_shared<KeepingRegistry>();
  std::shared_ptr<config::ClusterSlots> slots = std::make_shared<config::ClusterSlots>();

  bool ok() const { return errors.empty(); }
  const config::Cluster& cluster(size_t i = 0) const { return *compiled.clusters.at(i); }
  const config::Listener& listener(size_t i = 0) const { return *compiled.listeners.at(i); }
  const config::HttpConnectionManager& manager() const { return *listener().chains.front()->http; }
};

inline Loaded load(BootstrapSource source) {
  Loaded out;
  CompileEnvironment environment{*out.stats, *out.slots};
  auto result = load_bootstrap(source, environment);
  if (!result.ok()) {
    out.errors = absl::StrSplit(result.status().message(), '\n');
    return out;
  }
  out.compiled = std::move(result->compiled);
  out.proto = std::move(result->proto);
  out.warnings = std::move(result->warnings);
  return out;
}

inline Loaded load(std::string yaml) {
  BootstrapSource source;
  source.yaml = std::move(yaml);
  return load(std::move(source));
}

// A bootstrap of one cluster "a" with `extra` lines of it.
inline Loaded load_cluster(const std::string& extra) {
  std::string text = R"(static_resources:
  clusters:
  - name: a
    load_assignment: {cluster_name: a, endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: 80}}}}]}]}
)";
  for (absl::string_view line : absl::StrSplit(extra, '\n'))
    text += "    " + std::string(line) + "\n";
  return load(text);
}

inline constexpr const char* kRouterFilter =
    R"({name: router, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}})";

struct ManagerParts {
  std::string extra = {};  // lines of the connection manager
  std::string filters = kRouterFilter;
  std::string routes = "{match: {prefix: /}, route: {cluster: a}}";
  std::string listener = {};  // lines of the listener
};

// A bootstrap of one cluster "a" and one listener.
inline Loaded load_listener(const ManagerParts& parts) {
  auto lines = [](const std::string& text, const char* indent) {
    std::string out;
    for (absl::string_view line : absl::StrSplit(text, '\n'))
      out += indent + std::string(line) + "\n";
    return out;
  };
  return load(R"(static_resources:
  clusters: [{name: a}]
  listeners:
  - name: l
    address: {socket_address: {address: 127.0.0.1, port_value: 10000}}
)" + lines(parts.listener, "    ") +
              R"(    filter_chains:
    - filters:
      - name: hcm
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: web
          route_config: {virtual_hosts: [{name: v, domains: ['*'], routes: [)" +
              parts.routes + R"(]}]}
          http_filters: [)" +
              parts.filters + "]\n" + lines(parts.extra, "          "));
}

}  // namespace outrigger::xds::testing
