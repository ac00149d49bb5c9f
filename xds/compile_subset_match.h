// What endpoints' metadata must have for a route's requests: the "envoy.lb" struct of
// metadata_match, by key. Thread: main. Semantics: envoy.config.route.v3.RouteAction
// (metadata_match).
#pragma once

#include "envoy/config/core/v3/base.pb.h"

#include "api/config/load_balancing.h"

namespace outrigger::xds {

// What `match` says takes the place of what `of_level_above` has under the same key. nullptr:
// neither says anything.
config::MetadataMatchCriteriaPtr compile_subset_match(
    const envoy::config::core::v3::Metadata& match,
    const config::MetadataMatchCriteriaPtr& of_level_above = nullptr);

}  // namespace outrigger::xds
