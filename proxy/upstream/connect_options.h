// What a cluster says of the sockets of its connections, requests' and health checks' alike.
#pragma once

#include "api/config/cluster.h"
#include "proxy/runtime/loop.h"

namespace outrigger::upstream {

// To this address: keepalive, source address, socket options.
runtime::ConnectOptions connect_options(const config::Cluster& cluster, const net::Address& target);

}  // namespace outrigger::upstream
