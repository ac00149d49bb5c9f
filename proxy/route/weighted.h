// Which cluster of a forwarding route gets the request. Pure; the result points into the table or
// the headers.
#pragma once

#include <cstdint>
#include <string_view>

#include "api/config/route.h"
#include "api/http/header_map.h"
#include "proxy/route/input.h"

namespace outrigger::route {

struct ClusterChoice {
  std::string_view name;  // empty: the header that should name the cluster is missing
  uint32_t slot = config::ClusterRef::kNoSlot;  // kNoSlot: look the name up
  const config::WeightedCluster* weighted = nullptr;
};

ClusterChoice choose_cluster(const config::ForwardAction& action, const RouteInput& input);

// The cluster of a mirror policy.
ClusterChoice choose_cluster(const config::MirrorPolicy& mirror, const http::HeaderMap& headers);

}  // namespace outrigger::route
