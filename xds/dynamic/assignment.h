// Assignment: the endpoints of one service name as they came last (ClusterLoadAssignment). An
// update is taken apart by its octets: an endpoint that came in the same words before stays the
// same object, and only the others are parsed, checked and compiled, so that what an update costs
// follows what it changes. Thread: main. Lifetime: its EndpointDiscovery's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/any.pb.h"

#include "envoy/config/endpoint/v3/endpoint.pb.h"

#include "api/config/cluster.h"
#include "xds/resource_reader.h"

namespace outrigger::xds {

class Assignment {
 public:
  using EndpointSetPtr = std::shared_ptr<const config::EndpointSet>;
  using Message = envoy::config::endpoint::v3::ClusterLoadAssignment;

  explicit Assignment(std::string service_name) : service_name_(std::move(service_name)) {}

  // The endpoints from now on; the ones from before, if nothing changed. Errors, "field path:
  // reason" one a line, leave everything as it was.
  absl::StatusOr<EndpointSetPtr> update(const google::protobuf::Any& body, ResourceReader& reader);
  // nullptr: none came yet.
  const EndpointSetPtr& endpoints() const { return endpoints_; }
  // policy.endpoint_stale_after of the last update.
  std::optional<std::chrono::milliseconds> stale_after() const { return stale_after_; }
  // How many endpoints the last update made anew.
  size_t compiled() const { return compiled_; }

 private:
  // One endpoint of the update: known, or parsed with the others.
  struct Place {
    uint64_t hash = 0;
    config::EndpointPtr known;
  };
  struct Parts {
    std::vector<std::vector<Place>> localities;
    std::vector<config::EndpointPtr> gone;  // endpoints of before that are not among them
  };
  class Known;

  bool take_apart(const std::string& octets, std::string& rest, Parts& parts) const;
  absl::StatusOr<std::unique_ptr<Message>> read(const google::protobuf::Any& body,
                                                ResourceReader& reader, Parts& parts) const;
  absl::StatusOr<EndpointSetPtr> compile(const Message& message, const Parts& parts);

  std::string service_name_;
  uint64_t hash_ = 0;  // of the whole
  EndpointSetPtr endpoints_;
  std::vector<uint64_t> hashes_;  // of each endpoint, in the set's order
  std::optional<std::chrono::milliseconds> stale_after_;
  size_t compiled_ = 0;
};

}  // namespace outrigger::xds
