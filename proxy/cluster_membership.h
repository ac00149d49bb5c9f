// The statistics of a cluster's endpoints: cluster.<name>.membership_*, max_host_weight,
// transport_socket_match.*. Thread: main.
#pragma once

#include "api/config/cluster.h"

namespace outrigger {

// `before` nullptr: the cluster is new.
void note_membership(const config::Cluster& cluster, const config::EndpointSet* before,
                     const config::EndpointSet& now);

}  // namespace outrigger
