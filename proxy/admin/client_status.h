// The client status discovery service: what became of each resource that management servers sent.
// Thread: main. Semantics: envoy.service.status.v3.ClientStatusDiscoveryService
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace outrigger::admin {

class ServerView;

// A serialized ClientStatusRequest to a serialized ClientStatusResponse. Errors: octets that are no
// request; node_matchers, as there is one node only.
absl::StatusOr<std::string> client_status(std::string_view request, ServerView& view);

}  // namespace outrigger::admin
