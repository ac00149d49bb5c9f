// ListenerManager: the listeners that a management server or a file gives (dynamic_resources.
// lds_config). Each is read, compiled and warmed by itself: a bad one is refused by name and leaves
// its last good version in force, the others go on. A new or changed listener waits until its
// routes, secrets and filters are there or are not coming; until then the old one serves.
// Thread: main. Lifetime: the process's; its parts outlive it.
//
//   update -> unchanged? -> read, checked -> compiled (unchanged filter chains are taken over)
//          -> ListenerSink::warm -> everything there -> ListenerSink::set
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

#include "envoy/config/core/v3/config_source.pb.h"
#include "envoy/config/listener/v3/listener.pb.h"

#include "api/config/listener.h"
#include "api/stats_server.h"
#include "xds/compile_environment.h"
#include "xds/compile_http_connection_manager.h"
#include "xds/init_set.h"
#include "xds/ledger.h"
#include "xds/protocol/subscription.h"
#include "xds/resource_reader.h"
#include "xds/sinks.h"

namespace outrigger::xds {

struct ListenerManagerParts {
  SubscriptionFactory& subscriptions;
  ResourceReader& reader;
  CompileEnvironment& environment;  // as the bootstrap's; `init` is set for each compilation
  Ledger& ledger;
  ListenerSink& sink;
  ClusterExists cluster_exists;
  // Runs a task in a later turn of the main loop: a large update is worked off in slices. Empty: it
  // is worked off at once.
  std::function<void(std::function<void()>)> later = {};
  std::function<std::string()> make_name = {};  // for listeners without one: a UUID
  std::function<void(const std::string&)> log = {};
};

class ListenerManager final : private SubscriptionHandler {
 public:
  static constexpr std::string_view kTypeUrl =
      "type.googleapis.com/envoy.config.listener.v3.Listener";

  explicit ListenerManager(ListenerManagerParts parts);
  ~ListenerManager();
  ListenerManager(const ListenerManager&) = delete;
  ListenerManager& operator=(const ListenerManager&) = delete;

  // Before start(): a listener of the bootstrap. No update replaces it or takes its address.
  void add_static(const config::ListenerPtr& listener);
  // `resources_locator`: lds_resources_locator, empty: none. `initialized` is called once, when
  // every listener of the first answer is in force or refused, or no answer came in time.
  absl::Status start(const envoy::config::core::v3::ConfigSource& source,
                     const std::string& resources_locator, std::function<void()> initialized);

  // What listeners wait for, for /init_dump.
  std::vector<std::shared_ptr<const InitSet>> waiting() const;

 private:
  using Message = envoy::config::listener::v3::Listener;
  struct Entry {
    config::ListenerPtr active;  // nullptr: nothing is in force yet
    bool is_static = false;
    // The version that waits; `init` nullptr: none does.
    config::ListenerPtr warming;
    Resource warming_resource;
    std::shared_ptr<InitSet> init;
  };
  struct Update;
  using Entries = std::map<std::string, Entry, std::less<>>;

  // SubscriptionHandler
  void on_update(std::shared_ptr<const ResourceUpdate> update, Done done) override;
  void on_fetch_timeout() override;

  void work_off(const std::shared_ptr<Update>& update);
  void finish(Update& update);
  void remove_missing(Update& update);
  absl::Status apply(Resource resource, Update& update);
  absl::Status apply_new(const Resource& resource, Message& message, Update& update);
  absl::Status check_addresses(const config::Listener& listener, const Update& update) const;
  bool keeps(const Update& update, const std::string& name) const;
  std::string name_of_unnamed(const Resource& resource, const Update& update);
  bool unchanged(const Resource& resource);
  void warm(const Resource& resource, config::ListenerPtr listener, std::shared_ptr<InitSet> init);
  void on_warm(const std::string& name, const InitSet* init);
  void stop_warming(const std::string& name, Entry& entry);
  void remove(const std::string& name);
  void settle_first();
  void show_warming();
  void log(const std::string& text) const {
    if (parts_.log) parts_.log(text);
  }

  ListenerManagerParts parts_;
  StatsScopePtr scope_;
  ListenerManagerStats& stats_;
  Entries entries_;
  std::set<std::string> unnamed_;  // names that were made here
  std::unique_ptr<Subscription> subscription_;
  std::shared_ptr<Update> current_;  // the update that is worked off; nullptr: none
  std::function<void()> initialized_;
  bool first_answer_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace outrigger::xds
