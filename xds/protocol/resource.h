// Resource, ResourceUpdate: what a management server or a file says about the resources of one
// type. Thread: main.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "google/protobuf/any.pb.h"

namespace outrigger::xds {

struct Resource {
  std::string name;
  std::string version;
  std::vector<std::string> aliases;
  google::protobuf::Any body;
};

// A response, brought into one form for SotW and delta.
struct ResourceUpdate {
  std::string type_url;
  std::string version;  // of the response
  std::vector<Resource> added;
  // Delta and expired TTLs: names that are gone.
  std::vector<std::string> removed;
  // SotW of a type whose responses list all (listeners, clusters): what is not in `added` is gone.
  bool complete = false;
};

struct RejectedResource {
  std::string name;
  std::string reason;  // field path and reason, one sentence
};

// What became of an update: nothing rejected is an ACK, else the NACK's text names each.
struct UpdateResult {
  std::vector<RejectedResource> rejected;
};

}  // namespace outrigger::xds
