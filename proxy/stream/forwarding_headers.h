// The headers by which proxies tell each other who the client is: x-forwarded-for/-proto/-port,
// x-request-id, x-envoy-*, via.
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers
// Thread: the stream's worker. Text lives in the headers' arena.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/config/bootstrap.h"
#include "api/config/http_connection_manager.h"
#include "api/http/header_map.h"
#include "api/stream_info.h"
#include "proxy/stream/worker_services.h"

namespace outrigger::stream {

// Determines the trusted client address (info.downstream_remote), writes the forwarding headers,
// removes those that only a trusted hop may send. `local_ip` stands in x-forwarded-for for a client
// on this machine, whose loopback address would tell nobody anything; empty: that address itself.
// Returns the status of the answer that a request gets whose client must be known and is not.
std::optional<int> apply_forwarding_headers(const config::HttpConnectionManager& config,
                                            const config::RouteTable& routes,
                                            const DownstreamConnectionInfo& connection,
                                            http::HeaderMap& headers, StreamInfo& info,
                                            Random& random, std::string_view local_ip = {});

// add_user_agent: says which service calls, in user-agent only where the request has none.
void add_user_agent(const config::NodeIdentity& node, http::HeaderMap& headers);
// This machine's first address that others can reach it by; a loopback address if it has none.
std::string find_local_ip();

// Adds this proxy's name to Via; nothing if it has none.
void append_via(http::HeaderMap& headers, std::string_view via);

// Fields that belong to one hop: those that Connection names, and the known ones. An upgrade keeps
// Connection and Upgrade.
void remove_hop_by_hop(http::HeaderMap& headers, bool upgrade);

// A version 4 UUID.
std::string_view make_request_id(Random& random, Arena& arena);

}  // namespace outrigger::stream
