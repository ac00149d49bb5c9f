// Finds the route configurations in a bootstrap or in a file of resources. Thread: main.
#pragma once

#include <string>
#include <vector>

#include "envoy/config/bootstrap/v3/bootstrap.pb.h"
#include "envoy/config/route/v3/route.pb.h"
#include "envoy/service/discovery/v3/discovery.pb.h"

namespace outrigger::ctl {

struct RouteCandidate {
  envoy::config::route::v3::RouteConfiguration message;
  std::string path;      // in the file: "static_resources.listeners[0]...route_config"
  std::string listener;  // its name, or its place where it has none; empty: of no listener
};

struct RouteCandidates {
  std::vector<RouteCandidate> found;
  // Sentences about what was found and cannot be read: routes that a management server sends.
  std::vector<std::string> elsewhere;
};

RouteCandidates find_candidates(const envoy::config::bootstrap::v3::Bootstrap& bootstrap);
RouteCandidates find_candidates(const envoy::service::discovery::v3::DiscoveryResponse& resources);

}  // namespace outrigger::ctl
