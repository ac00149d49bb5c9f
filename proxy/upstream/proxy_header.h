// The PROXY protocol header that an upstream connection begins with, versions 1 and 2. Pure.
// Specification: https://www.haproxy.org/download/1.8/doc/proxy-protocol.txt
#pragma once

#include <string>

#include "api/config/cluster.h"
#include "api/stream_info.h"

namespace outrigger::upstream {

// `connection` nullptr: this proxy speaks for itself (LOCAL, UNKNOWN). Empty: the socket sends no
// header.
std::string make_proxy_header(const config::TransportSocket& socket,
                              const DownstreamConnectionInfo* connection);

}  // namespace outrigger::upstream
