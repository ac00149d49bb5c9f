// What /config_dump is made of: one message per kind of configuration, from the loaded bootstrap
// and what is in force. Thread: main.
#pragma once

#include <vector>

#include "proxy/admin/json_pieces.h"
#include "proxy/admin/name_filter.h"

namespace outrigger::admin {

class ServerView;

// In Envoy's order. Configurations whose name the filter does not match as a whole are left out.
std::vector<MessagePtr> config_dumps(ServerView& view, const NameFilter& filter,
                                     bool include_endpoints);

}  // namespace outrigger::admin
