// Reads a file of resources: a DiscoveryResponse, of which only `resources` is needed, in YAML,
// JSON, text (.pb_text) or octets (.pb). Thread: main.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "envoy/service/discovery/v3/discovery.pb.h"

namespace outrigger::xds {

struct ResourceFile {
  envoy::service::discovery::v3::DiscoveryResponse response;
  std::vector<std::string> warnings;  // fields that nobody knows
};

// `text`: the file's content; `path` says of which kind it is, and is for errors.
absl::StatusOr<ResourceFile> read_resource_file(std::string text, const std::string& path);

}  // namespace outrigger::xds
