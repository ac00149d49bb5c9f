// What the tests of the protocol have in common: the sources over a fake clock and server, a
// consumer that notes what it gets, and short ways to write resources.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "envoy/config/endpoint/v3/endpoint.pb.h"

#include "api/stats_xds.h"
#include "test/unit/xds_protocol/fake_clock.h"
#include "test/unit/xds_protocol/fake_server.h"
#include "xds/compile_environment.h"
#include "xds/protocol/config_sources.h"
#include "xds/protocol/types.h"

namespace outrigger::xds {

class PlainRegistry final : public StatsRegistry {
 public:
  using StatsRegistry::scope;
  StatsScopePtr scope(std::string prefix, std::string extracted, std::vector<StatTag> tags,
                      const StatsLayout& layout) override {
    auto& place = scopes[prefix];
    if (place == nullptr)
      place = std::make_shared<StatsScope>(prefix, extracted, std::move(tags), layout);
    return place;
  }
  std::map<std::string, StatsScopePtr> scopes;
};

class Consumer final : public SubscriptionHandler {
 public:
  void on_update(std::shared_ptr<const ResourceUpdate> update, Done done) override {
    updates.push_back(std::move(update));
    if (hold) {
      held = std::move(done);
    } else {
      done({std::exchange(reject, {})});
    }
    if (then) std::exchange(then, nullptr)();
  }
  void on_fetch_timeout() override { ++timeouts; }

  std::vector<std::string> last_names() const {
    std::vector<std::string> names;
    for (const Resource& one : updates.back()->added) names.push_back(one.name);
    return names;
  }
  void release(std::vector<RejectedResource> rejected = {}) {
    std::exchange(held, nullptr)({std::move(rejected)});
  }

  std::vector<std::shared_ptr<const ResourceUpdate>> updates;
  std::vector<RejectedResource> reject;
  std::function<void()> then;
  bool hold = false;
  Done held;
  int timeouts = 0;
};

inline google::protobuf::Any endpoints_named(const std::string& name) {
  envoy::config::endpoint::v3::ClusterLoadAssignment message;
  message.set_cluster_name(name);
  google::protobuf::Any any;
  any.PackFrom(message);
  return any;
}

// A body of any of the types whose first field is the name.
inline google::protobuf::Any body_named(std::string_view type_url, const std::string& name) {
  google::protobuf::Any any = endpoints_named(name);
  any.set_type_url(std::string(type_url));
  return any;
}

inline envoy::service::discovery::v3::DiscoveryResponse response_of(
    std::string_view type_url, const std::string& version, const std::string& nonce,
    const std::vector<std::string>& names) {
  envoy::service::discovery::v3::DiscoveryResponse response;
  response.set_type_url(std::string(type_url));
  response.set_version_info(version);
  response.set_nonce(nonce);
  for (const std::string& name : names) *response.add_resources() = body_named(type_url, name);
  return response;
}

inline envoy::service::discovery::v3::DeltaDiscoveryResponse delta_of(
    std::string_view type_url, const std::string& nonce, const std::vector<std::string>& names,
    const std::vector<std::string>& removed = {}, const std::string& version = "1") {
  envoy::service::discovery::v3::DeltaDiscoveryResponse response;
  response.set_type_url(std::string(type_url));
  response.set_nonce(nonce);
  response.set_system_version_info("system");
  for (const std::string& name : names) {
    auto& one = *response.add_resources();
    one.set_name(name);
    one.set_version(version);
    *one.mutable_resource() = body_named(type_url, name);
  }
  for (const std::string& name : removed) response.add_removed_resources(name);
  return response;
}

class ProtocolTest : public ::testing::Test {
 protected:
  using ConfigSource = envoy::config::core::v3::ConfigSource;
  using ApiConfigSource = envoy::config::core::v3::ApiConfigSource;

  static ApiConfigSource api(ApiConfigSource::ApiType type, const std::string& cluster = "xds") {
    ApiConfigSource source;
    source.set_api_type(type);
    source.set_transport_api_version(envoy::config::core::v3::V3);
    source.add_grpc_services()->mutable_envoy_grpc()->set_cluster_name(cluster);
    return source;
  }
  static ConfigSource ads() {
    ConfigSource source;
    source.mutable_ads();
    return source;
  }
  static ConfigSource own(ApiConfigSource::ApiType type, const std::string& cluster = "xds") {
    ConfigSource source;
    *source.mutable_api_config_source() = api(type, cluster);
    return source;
  }

  ProtocolTest() {
    envoy::config::core::v3::Node node;
    node.set_id("node-1");
    sources.set_node(node);
  }

  void start_ads(const ApiConfigSource& source) {
    absl::Status status = sources.set_ads(source);
    ASSERT_TRUE(status.ok()) << status;
    sources.start();
    sources.start_ads();
    clock.turn();
  }

  std::unique_ptr<Subscription> subscribe(std::string_view type, std::vector<std::string> names,
                                          Consumer& consumer, const ConfigSource& source = ads()) {
    auto made = sources.subscribe(
        source, {type, std::move(names), stats.scope<SubscriptionStats>("t.")}, consumer);
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? *std::move(made) : nullptr;
  }
  std::string refusal(const ConfigSource& source, std::string_view type = kClusterType) {
    Consumer consumer;
    auto made = sources.subscribe(source, {type, {}, nullptr}, consumer);
    return made.ok() ? "" : std::string(made.status().message());
  }

  SubscriptionStats& counts() {
    return stats.scope<SubscriptionStats>("t.")->local<SubscriptionStats>(StatsScope::kMainThread);
  }
  ControlPlaneStats& control_plane(const std::string& prefix = "") {
    return stats.scope<ControlPlaneStats>(prefix + "control_plane.")
        ->local<ControlPlaneStats>(StatsScope::kMainThread);
  }

  PlainRegistry stats;
  config::ClusterSlots slots;
  CompileEnvironment environment{stats, slots};
  FakeClock clock;
  FakeServer server;
  Ledger ledger;
  std::vector<std::string> log;
  ConfigSources sources{{environment, server, clock, ledger, nullptr,
                         [this](bool, const std::string& text) { log.push_back(text); }}};
};

}  // namespace outrigger::xds
