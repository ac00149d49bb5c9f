// ManagedCluster: one cluster that a management server sent: the version in force, and the one that
// warms to take its place. ManagedClusterParts: what they all share. Thread: main. Lifetime: until
// the cluster is removed.
//
//   (nothing) --take--> warming --endpoints, addresses and secrets are there, or too late-->
//   in force --take of another version--> in force, and the other one warming
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"

#include "envoy/config/cluster/v3/cluster.pb.h"

#include "api/config/cluster.h"
#include "api/stats_server.h"
#include "xds/compile_cluster.h"
#include "xds/compile_environment.h"
#include "xds/dynamic/endpoint_discovery.h"
#include "xds/init_set.h"
#include "xds/ledger.h"
#include "xds/resource_reader.h"
#include "xds/sinks.h"

namespace outrigger::xds {

struct ManagedClusterParts {
  CompileEnvironment& environment;
  ClusterSink& sink;
  Ledger& ledger;
  const ClusterDefaults& defaults;
  EndpointDiscoveryParts& discovery;
  ClusterManagerStats& stats;
  std::function<void(bool warning, const std::string& text)>& log;
  // A version of the cluster of this name was given to the sink.
  std::function<void(const std::string& name)> activated;
};

class ManagedCluster {
 public:
  using Message = envoy::config::cluster::v3::Cluster;

  ManagedCluster(std::string name, ManagedClusterParts& parts)
      : name_(std::move(name)), parts_(parts) {}
  ~ManagedCluster();
  ManagedCluster(const ManagedCluster&) = delete;
  ManagedCluster& operator=(const ManagedCluster&) = delete;

  // Is this the content that the latest version has?
  bool has(uint64_t hash) const;
  // Back to the version in force, which has this content: what warms is given up.
  bool return_to(uint64_t hash, const Resource& resource);
  // A new version. An error leaves everything as it was. `first`: ready() as soon as it is in
  // force, or given up; may be nullptr.
  absl::Status take(const Message& message, uint64_t hash, const Resource& resource,
                    std::shared_ptr<InitTarget> first);
  // Neither a version in force nor one that warms: all were rejected.
  bool empty() const { return active_ == nullptr && warming_ == nullptr; }
  bool in_force() const { return active_ != nullptr; }
  // Under which its endpoints are asked for; empty: they are not.
  std::string service_name() const {
    bool asked = active_ != nullptr && active_->endpoints != nullptr;
    return asked ? active_->endpoints->service_name() : std::string();
  }
  // CDS sent it; else only requests asked for it.
  bool listed = false;
  // nullptr: nothing is waited for.
  std::shared_ptr<const InitSet> waiting() const;

 private:
  struct Version {
    uint64_t hash = 0;
    config::ClusterPtr config;
    std::shared_ptr<EndpointDiscovery> endpoints;  // of an EDS cluster
    std::shared_ptr<InitSet> init;                 // while it warms
    std::optional<Resource> resource;              // while it warms
    std::shared_ptr<InitTarget> first;
  };
  absl::StatusOr<std::unique_ptr<Version>> compile(const Message& message);
  absl::Status discover(const Message& message, Version& version);
  void warm(std::unique_ptr<Version> version, const Resource& resource);
  void check_endpoints();
  void activate_warm();
  void activate(const Resource& resource);
  void give_warming_up();
  void note_warming(const config::Cluster& cluster, bool warming);

  std::string name_;
  ManagedClusterParts& parts_;
  std::unique_ptr<Version> active_;
  std::unique_ptr<Version> warming_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace outrigger::xds
