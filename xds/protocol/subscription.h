// Subscription: the interest of one consumer in resources of one type from one config source.
// Consumers of the same source and type share its stream. Thread: main. Lifetime: ends when
// destroyed; the factory outlives it.
// Semantics: https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "envoy/config/core/v3/config_source.pb.h"

#include "api/stats.h"
#include "xds/protocol/resource.h"
#include "xds/protocol/resource_name.h"

namespace outrigger::xds {

class SubscriptionHandler {
 public:
  using Done = std::function<void(UpdateResult)>;
  // The part of a response that this subscription asked for. `done` is to be called exactly once,
  // now or later (a large update is worked off in slices); until then no other update of the type
  // comes, and other types are not held up.
  virtual void on_update(std::shared_ptr<const ResourceUpdate> update, Done done) = 0;
  // The first answer did not come within initial_fetch_timeout. Called at most once.
  virtual void on_fetch_timeout() = 0;

 protected:
  ~SubscriptionHandler() = default;
};

class Subscription {
 public:
  virtual ~Subscription() = default;
  // The names of interest from now on; empty: all (wildcard).
  virtual void set_names(std::vector<std::string> names) = 0;
  // The server said that there is no such resource, or nothing: it is to look again. Incremental
  // only: elsewhere each request names all.
  virtual void ask_again(const std::string& /*name*/) {}
};

struct SubscriptionRequest {
  std::string_view type_url;
  std::vector<std::string> names;  // empty: all (wildcard)
  // "cluster_manager.cds." and the like: SubscriptionStats (api/stats_xds.h).
  StatsScopePtr stats;
};

class SubscriptionFactory {
 public:
  virtual ~SubscriptionFactory() = default;
  // Could resources of the type be subscribed to one by one, as they are needed? Only incremental
  // xDS says what does not exist.
  virtual absl::Status check_incremental(const envoy::config::core::v3::ConfigSource& /*source*/,
                                         std::string_view /*type_url*/) {
    return absl::OkStatus();
  }
  // The name under which a collection (lds_resources_locator, ...) is subscribed to: its canonical
  // form, with what node_context_params say of this node. The source has to be incremental.
  virtual absl::StatusOr<std::string> collection(
      const envoy::config::core::v3::ConfigSource& source, std::string_view locator,
      std::string_view type_url) {
    if (absl::Status status = check_incremental(source, type_url); !status.ok()) return status;
    auto name = parse_locator(locator, type_url);
    if (!name.ok()) return name.status();
    name->context.merge(node_params());  // what the locator says itself stays
    return name->text();
  }
  // An error names the field of the source that cannot be used. The first update never comes from
  // inside the call.
  virtual absl::StatusOr<std::unique_ptr<Subscription>> subscribe(
      const envoy::config::core::v3::ConfigSource& source, SubscriptionRequest request,
      SubscriptionHandler& handler) = 0;
  // Between them, types that follow others are not asked for or worked off: the management
  // server's CDS update is in force before EDS, LDS and RDS go on (make-before-break).
  virtual void pause(std::string_view type_url) = 0;
  virtual void resume(std::string_view type_url) = 0;

 protected:
  virtual ContextParams node_params() const { return {}; }
};

}  // namespace outrigger::xds
