// What two versions of a cluster share: connections, where nothing about connections changed, and
// the counts of its limits. Thread: main.
#pragma once

#include <cstdint>

#include "envoy/config/cluster/v3/cluster.pb.h"

#include "api/config/cluster.h"

namespace outrigger::xds {

// config::Cluster::connection_identity: a hash of everything but who is balanced how, how many at
// once, where endpoints come from, how long a connection may take to be made, and what is counted.
// 0: connections never go over to another version.
uint64_t connection_identity(const envoy::config::cluster::v3::Cluster& message);

// `now` takes the place of `before`.
void continue_cluster(const config::Cluster& before, config::Cluster& now);

}  // namespace outrigger::xds
