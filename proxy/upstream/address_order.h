// In which order the addresses of an endpoint are tried: one family, the other, and again (RFC
// 8305, section 4). Pure.
#pragma once

#include <vector>

#include "api/config/cluster.h"

namespace outrigger::upstream {

std::vector<net::Address> address_order(const config::Endpoint& endpoint,
                                        const config::HappyEyeballs& rules);

}  // namespace outrigger::upstream
