// A cluster manager between a scripted management server and a place that notes what comes into
// force. Thread: the test's.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/observe/stats_store.h"
#include "test/unit/xds_dynamic/discovery_fakes.h"
#include "xds/dynamic/cluster_manager.h"
#include "xds/protocol/types.h"

namespace outrigger::xds::test {

// Subscriptions by type and names; several consumers may ask for the same.
class ScriptedServer final : public SubscriptionFactory {
 public:
  absl::StatusOr<std::unique_ptr<Subscription>> subscribe(
      const envoy::config::core::v3::ConfigSource&, SubscriptionRequest request,
      SubscriptionHandler& handler) override {
    if (!refusal.ok()) return refusal;
    std::string name = request.names.empty() ? "" : request.names.front();
    auto one = std::make_unique<One>(*this, std::move(request), name, handler);
    all_.push_back(one.get());
    return one;
  }
  void pause(std::string_view type) override { ++paused[std::string(type)]; }
  void resume(std::string_view type) override { --paused[std::string(type)]; }

  size_t asking(std::string_view type, const std::string& name) const {
    return find(type, name).size();
  }
  // Each consumer's answer; nullopt: it has not answered yet.
  std::vector<std::optional<UpdateResult>> update(std::string_view type, const std::string& name,
                                                  ResourceUpdate update) {
    auto shared = std::make_shared<ResourceUpdate>(std::move(update));
    std::vector<std::shared_ptr<std::optional<UpdateResult>>> results;
    for (One* one : find(type, name)) {
      auto& result = results.emplace_back(std::make_shared<std::optional<UpdateResult>>());
      one->handler.on_update(shared, [result](UpdateResult done) { *result = std::move(done); });
    }
    std::vector<std::optional<UpdateResult>> out;
    for (const auto& result : results) out.push_back(*result);
    return out;
  }
  void time_out(std::string_view type, const std::string& name) {
    for (One* one : find(type, name)) one->handler.on_fetch_timeout();
  }

  absl::Status check_incremental(const envoy::config::core::v3::ConfigSource&,
                                 std::string_view) override {
    return refusal;
  }

  absl::Status refusal;
  std::map<std::string, int> paused;
  std::vector<std::string> names;  // as last changed
  std::vector<std::string> asked_again;

 private:
  struct One final : Subscription {
    One(ScriptedServer& s, SubscriptionRequest request, std::string n, SubscriptionHandler& h)
        : server(s),
          type(request.type_url),
          stats(std::move(request.stats)),
          name(std::move(n)),
          handler(h) {}
    ~One() override { std::erase(server.all_, this); }
    void set_names(std::vector<std::string> now) override { server.names = std::move(now); }
    void ask_again(const std::string& again) override { server.asked_again.push_back(again); }
    ScriptedServer& server;
    std::string type;
    StatsScopePtr stats;  // a subscription keeps them
    std::string name;
    SubscriptionHandler& handler;
  };
  std::vector<One*> find(std::string_view type, const std::string& name) const {
    std::vector<One*> out;
    for (One* one : all_) {
      if (one->type == type && one->name == name) out.push_back(one);
    }
    return out;
  }
  std::vector<One*> all_;
};

// What would be in force.
class NotedClusters final : public ClusterSink {
 public:
  struct InForce {
    config::ClusterPtr config;
    EndpointSetPtr endpoints;
  };
  void warm(const config::ClusterPtr& cluster, std::function<void()> ready) override {
    warming[cluster->ref.name] = std::move(ready);
    slots[cluster->ref.slot] = cluster->ref.name;
  }
  void abandon(uint32_t slot) override { warming.erase(slots[slot]); }
  void set(const config::ClusterPtr& cluster, const EndpointSetPtr& endpoints) override {
    ++sets;
    slots[cluster->ref.slot] = cluster->ref.name;
    clusters[cluster->ref.name] = {cluster, endpoints};
  }
  void set_endpoints(uint32_t slot, const EndpointSetPtr& endpoints) override {
    ++endpoint_sets;
    clusters[slots[slot]].endpoints = endpoints;
  }
  void remove(uint32_t slot) override {
    clusters.erase(slots[slot]);
    warming.erase(slots[slot]);
  }
  void when_in_force(std::function<void()> then) override {
    if (slow) {
      waiting.push_back(std::move(then));
    } else {
      then();
    }
  }

  std::map<std::string, InForce> clusters;
  std::map<std::string, std::function<void()>> warming;
  std::map<uint32_t, std::string> slots;
  std::vector<std::function<void()>> waiting;
  bool slow = false;
  int sets = 0;
  int endpoint_sets = 0;
};

class ClusterManagerTest : public ::testing::Test {
 protected:
  // Only with clusters that are named in `statics`, JSON of each.
  absl::Status start(const std::vector<std::string>& statics = {}, bool cds = true) {
    envoy::config::bootstrap::v3::Bootstrap bootstrap;
    if (cds) bootstrap.mutable_dynamic_resources()->mutable_cds_config()->mutable_ads();
    std::vector<config::ClusterPtr> compiled;
    for (const std::string& json : statics) {
      auto& cluster = *bootstrap.mutable_static_resources()->add_clusters();
      cluster = from_json<Cluster>(json);
      compiled.push_back(*compile_cluster(cluster, environment_));
      sink_.slots[compiled.back()->ref.slot] = compiled.back()->ref.name;
    }
    ClusterManagerParts parts{server_,
                              environment_,
                              sink_,
                              ledger_,
                              reader_,
                              {},
                              [this](std::function<void()> task) { later_.push_back(task); },
                              [this](bool, const std::string& text) { log_.push_back(text); }};
    parts.slice = slice_;
    parts.clock = clock_;
    manager_ = std::make_unique<ClusterManager>(std::move(parts));
    return manager_->start(bootstrap, compiled, [this] { initialized_ = true; });
  }

  using Cluster = envoy::config::cluster::v3::Cluster;
  using Endpoints = envoy::config::endpoint::v3::ClusterLoadAssignment;
  // `rest`: JSON of more fields, with a comma in front.
  static Resource cluster(const std::string& name, const std::string& rest = "") {
    return resource(from_json<Cluster>("{name: \"" + name + "\"" + rest + "}"));
  }
  static Resource eds_cluster(const std::string& name, const std::string& rest = "") {
    return cluster(name,
                   ", type: EDS, eds_cluster_config: {eds_config: {ads: {}, resource_api_version: "
                   "V3}}" +
                       rest);
  }
  // One endpoint for each port; `rest`: JSON of more fields of the last one, with a comma in front.
  static Resource assignment(const std::string& name, const std::vector<int>& ports,
                             const std::string& rest = "") {
    std::string endpoints;
    for (int port : ports) {
      endpoints += "{endpoint: {address: {socket_address: {address: \"10.0.0.1\", port_value: " +
                   std::to_string(port) + "}}}" + (port == ports.back() ? rest : "") + "},";
    }
    auto message = from_json<Endpoints>("{cluster_name: \"" + name +
                                        "\", endpoints: [{lb_endpoints: [" + endpoints + "]}]}");
    Resource out;
    out.name = name;
    out.body.PackFrom(message);
    return out;
  }

  // All clusters that there are, as SotW says them; works all slices off.
  UpdateResult send_all(std::vector<Resource> clusters) {
    return send({"", "v1", std::move(clusters), {}, true});
  }
  UpdateResult send(ResourceUpdate update) {
    std::optional<UpdateResult> result;
    auto results = server_.update(kClusterType, "", std::move(update));
    EXPECT_EQ(results.size(), 1u);
    if (!results.empty()) result = results.front();
    return result.value_or(UpdateResult());
  }
  UpdateResult send_endpoints(const Resource& resource) {
    auto results = server_.update(kEndpointType, resource.name, {"", "v1", {resource}, {}, false});
    return results.empty() ? UpdateResult() : results.front().value_or(UpdateResult());
  }
  const LedgerEntry* entry(const std::string& name, std::string_view type = kClusterType) const {
    const auto* entries = ledger_.entries(type);
    if (entries == nullptr) return nullptr;
    auto at = entries->find(name);
    return at == entries->end() ? nullptr : &at->second;
  }
  ClusterManagerStats& stats() {
    scope_ =
        stats_.scope("cluster_manager.", "cluster_manager.", {}, ClusterManagerStats::layout());
    return scope_->local<ClusterManagerStats>(StatsScope::kMainThread);
  }
  static size_t hosts(const NotedClusters::InForce& cluster) {
    size_t n = 0;
    if (cluster.endpoints == nullptr) return 0;
    for (const auto& locality : cluster.endpoints->localities) n += locality.endpoints.size();
    return n;
  }

  observe::StatsStore stats_;
  StatsScopePtr scope_;
  config::ClusterSlots slots_;
  CompileEnvironment environment_{stats_, slots_};
  ScriptedServer server_;
  NotedClusters sink_;
  Ledger ledger_;
  ResourceReader reader_;
  std::chrono::microseconds slice_{1'000'000};
  Clock* clock_ = nullptr;
  std::deque<std::function<void()>> later_;
  std::vector<std::string> log_;
  bool initialized_ = false;
  std::unique_ptr<ClusterManager> manager_;
};

}  // namespace outrigger::xds::test
