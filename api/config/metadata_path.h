// MetadataPath: the place of a value in metadata. Thread: any; immutable. Semantics:
// envoy.type.metadata.v3.MetadataKey.
#pragma once

#include <string>
#include <vector>

namespace outrigger::config {

struct MetadataPath {
  std::string filter;
  std::vector<std::string> keys;
};

}  // namespace outrigger::config
