// The hash of a request by its route's hash_policy, for balancers that send equal hashes to equal
// hosts, and the cookies that it makes for clients that have none. Pure. Semantics:
// envoy.config.route.v3.RouteAction.HashPolicy
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "api/arena.h"
#include "api/config/route.h"
#include "api/http/header_map.h"
#include "api/metadata.h"
#include "api/net/address.h"

namespace outrigger::route {

struct HashSource {
  const http::HeaderMap& headers;
  const net::Address& client;  // the trusted one
  const net::Address& remote;  // the connection's two ends
  const net::Address& local;
  const FilterState* state = nullptr;
  bool make_cookies = true;  // for a client that has none
};

struct RequestHash {
  std::optional<uint64_t> value;              // absent: no policy found what it looks for
  std::vector<std::string_view> set_cookies;  // in the arena
};

RequestHash hash_request(const std::vector<config::HashPolicy>& policies, const HashSource& source,
                         Arena& arena);

}  // namespace outrigger::route
