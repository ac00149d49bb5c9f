// A management server and the places where configuration comes into force, in memory. Thread: the
// test's.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/observe/stats_store.h"
#include "xds/document.h"
#include "xds/ledger.h"
#include "xds/load.h"
#include "xds/problems.h"
#include "xds/protocol/subscription.h"
#include "xds/resource_reader.h"
#include "xds/schema.h"
#include "xds/sinks.h"
#include "xds/sources.h"

namespace outrigger::xds::test {

// As configuration files are read: quotes may be left out.
template <class T>
T from_json(const std::string& text) {
  T message;
  Problems problems;
  std::vector<std::string> warnings;
  auto document = Document::parse_yaml(text, "test", problems);
  if (document != nullptr && problems.empty()) {
    Sources sources;
    Schema schema;
    LoadReport report(sources, *document, {}, problems, warnings);
    load_message(*document, schema, report, message);
  }
  EXPECT_TRUE(problems.empty()) << std::string(problems.status().message()) << "\n" << text;
  return message;
}

template <class T>
Resource resource(const T& message, std::string version = "1") {
  Resource out;
  out.name = message.name();
  out.version = std::move(version);
  out.body.PackFrom(message);
  return out;
}

// Every subscription that somebody has, by its first name ("" for all); those to virtual hosts by
// "vhds <name>".
class FakeServer final : public SubscriptionFactory {
 public:
  absl::StatusOr<std::unique_ptr<Subscription>> subscribe(
      const envoy::config::core::v3::ConfigSource&, SubscriptionRequest request,
      SubscriptionHandler& handler) override {
    if (!refusal.ok()) return refusal;
    std::string name = request.names.empty() ? "" : request.names.front();
    if (request.type_url.ends_with("VirtualHost")) name = "vhds " + name;
    auto one = std::make_unique<One>(*this, handler, name);
    handlers_.emplace(name, &handler);
    stats = request.stats;
    return one;
  }
  void pause(std::string_view) override {}
  void resume(std::string_view) override {}

  bool asks_for(const std::string& name) const { return handlers_.contains(name); }
  size_t subscriptions() const { return handlers_.size(); }
  // What the consumer makes of an update; nullopt: it has not answered yet.
  std::optional<UpdateResult> update(const std::string& name, ResourceUpdate update) {
    auto result = std::make_shared<std::optional<UpdateResult>>();
    handlers_.find(name)->second->on_update(
        std::make_shared<ResourceUpdate>(std::move(update)),
        [result](UpdateResult done) { *result = std::move(done); });
    return *result;
  }
  std::optional<UpdateResult> add(const std::string& name, std::vector<Resource> added) {
    return update(name, {"", "v", std::move(added), {}, false});
  }
  void time_out(const std::string& name) { handlers_.find(name)->second->on_fetch_timeout(); }

  absl::Status refusal;
  StatsScopePtr stats;
  std::map<std::string, std::vector<std::string>> names;  // as changed since the beginning

 private:
  struct One final : Subscription {
    One(FakeServer& s, SubscriptionHandler& h, std::string n)
        : server(s), handler(h), name(std::move(n)) {}
    ~One() override {
      std::erase_if(server.handlers_, [&](const auto& entry) { return entry.second == &handler; });
    }
    void set_names(std::vector<std::string> now) override { server.names[name] = std::move(now); }
    FakeServer& server;
    SubscriptionHandler& handler;
    std::string name;
  };
  std::multimap<std::string, SubscriptionHandler*> handlers_;
};

// Notes what comes into force.
class FakeListeners final : public ListenerSink {
 public:
  absl::Status warm(const config::ListenerPtr& listener) override {
    events.push_back("warm " + listener->name);
    return warm_refusal;
  }
  void abandon(const std::string& name) override { events.push_back("abandon " + name); }
  absl::Status set(const config::ListenerPtr& listener) override {
    events.push_back("set " + listener->name);
    if (set_refusal.ok()) in_force[listener->name] = listener;
    return set_refusal;
  }
  void remove(const std::string& name, std::function<void()> drained) override {
    events.push_back("remove " + name);
    in_force.erase(name);
    draining[name] = std::move(drained);
  }
  std::vector<std::string> take() { return std::exchange(events, {}); }

  std::vector<std::string> events;
  std::map<std::string, config::ListenerPtr> in_force;
  std::map<std::string, std::function<void()>> draining;
  absl::Status warm_refusal, set_refusal;
};

inline uint64_t counter(StatsRegistry& registry, const std::string& prefix,
                        const StatsLayout& layout, const std::string& name) {
  StatsScopePtr scope = registry.scope(prefix, prefix, {}, layout);
  uint64_t sum = 0;
  for (const StatField& field : layout.fields) {
    if (field.name != name) continue;
    scope->for_each_shard([&](const void* shard) {
      const char* at = static_cast<const char*>(shard) + field.offset;
      if (field.kind == StatKind::gauge) {
        sum += static_cast<uint64_t>(reinterpret_cast<const Gauge*>(at)->value());
      } else {
        sum += reinterpret_cast<const Counter*>(at)->value();
      }
    });
  }
  return sum;
}

}  // namespace outrigger::xds::test
