// The statistics of a cluster's endpoints: cluster.<name>.membership_*, max_host_weight,
// transport_socket_match.*. Thread: main.
#pragma once

#include "api/config/cluster.h"
#include "proxy/upstream/host_state.h"

namespace outrigger {

// `before` nullptr: the cluster is new.
void note_membership(const config::Cluster& cluster, const config::EndpointSet* before,
                     const config::EndpointSet& now);

// How many of them may take requests. `states`: what is known of each; nullptr: nothing.
void note_health(const config::Cluster& cluster, const config::EndpointSet& now,
                 const upstream::HostStates* states);

}  // namespace outrigger
