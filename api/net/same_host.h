// Do both ends of a connection have the same address, or is the remote one a Unix socket's,
// 127.0.0.1 or ::1? As in Envoy, the other addresses of 127.0.0.0/8 are none: sidecars tell calls
// apart by them.
#pragma once

#include "api/net/address.h"

namespace outrigger::net {

bool is_same_ip_or_loopback(const Address& remote, const Address& local);

}  // namespace outrigger::net
