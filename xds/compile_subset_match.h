// What endpoints' metadata must have for a route's requests: the "envoy.lb" struct of
// metadata_match, by key. Thread: main. Semantics: envoy.config.route.v3.RouteAction
// (metadata_match).
#pragma once

#include "envoy/config/core/v3/base.pb.h"

#include "api/config/route.h"

namespace outrigger::xds {

config::MetadataMatchCriteria compile_subset_match(const envoy::config::core::v3::Metadata& match);
// What `match` says takes the place of what is there under the same key.
void add_subset_match(const envoy::config::core::v3::Metadata& match,
                      config::MetadataMatchCriteria& criteria);

}  // namespace outrigger::xds
