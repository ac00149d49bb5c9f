// The endpoints part of /config_dump?include_eds: those in force, with what only the configuration
// knows of them (metadata). Thread: main.
#pragma once

#include "envoy/admin/v3/config_dump.pb.h"

#include "proxy/admin/name_filter.h"

namespace outrigger::admin {

class ServerView;

// Clusters whose name the filter does not match as a whole are left out.
void add_endpoints(const ServerView& view, const NameFilter& filter,
                   envoy::admin::v3::EndpointsConfigDump& dump);

}  // namespace outrigger::admin
