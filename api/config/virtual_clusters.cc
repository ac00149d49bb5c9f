#include "api/config/virtual_clusters.h"

#include <algorithm>

#include "api/config/header_match.h"

namespace outrigger::config {

const VirtualClusters::Entry* VirtualClusters::find(const http::HeaderMap& headers) const {
  auto found = std::ranges::find_if(entries, [&headers](const Entry& entry) {
    return std::ranges::all_of(
        entry.headers, [&headers](const HeaderMatch& match) { return matches(match, headers); });
  });
  return found == entries.end() ? nullptr : &*found;
}

}  // namespace outrigger::config
