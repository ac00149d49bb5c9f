// Route match: which virtual host and which route of an immutable table a request belongs to.
// Thread: the stream's worker. Pure: no state, no clock; the result points into the table.
// Host: exact domain, then the longest "*.suffix", then the longest "prefix.*", then "*". Routes:
// the first that matches, in order, of those that the host's generic matcher leaves. The cluster of
// a route is chosen with it, as in Envoy: what filters change later does not move the request.
#pragma once

#include <string_view>

#include "api/arena.h"
#include "api/config/route.h"
#include "api/http/header_map.h"
#include "proxy/route/input.h"
#include "proxy/route/weighted.h"

namespace outrigger::route {

struct RouteMatchResult {
  const config::VirtualHost* host = nullptr;
  const config::Route* route = nullptr;
  // The host wants TLS and the request came without: answer 301 to tls_redirect_location(). `route`
  // is then nullptr.
  bool needs_tls = false;
  ClusterChoice cluster;  // of a route that forwards
};

RouteMatchResult match(const config::RouteTable& table, const RouteInput& input);

// The parts, for tests and for filters that match by themselves.
const config::VirtualHost* find_host(const config::RouteTable& table, std::string_view authority,
                                     Arena& scratch);
// `ignore_path_parameters`: the table's.
bool matches(const config::RouteMatch& match, const RouteInput& input,
             bool ignore_path_parameters = false);

// "example.com:80" without the port, "[::1]:80" as "[::1]".
std::string_view without_port(std::string_view authority);
// :path without query and fragment.
std::string_view path_only(std::string_view path);

}  // namespace outrigger::route
