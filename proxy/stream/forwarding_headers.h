// The headers by which proxies tell each other who the client is: x-forwarded-for/-proto/-port,
// x-request-id, x-envoy-*, via.
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers
// Thread: the stream's worker. Text lives in the headers' arena.
#pragma once

#include "api/config/http_connection_manager.h"
#include "api/http/header_map.h"
#include "api/stream_info.h"
#include "proxy/stream/worker_services.h"

namespace outrigger::stream {

// Determines the trusted client address (info.downstream_remote), writes the forwarding headers,
// removes those that only a trusted hop may send.
void apply_forwarding_headers(const config::HttpConnectionManager& config,
                              const DownstreamConnectionInfo& connection, http::HeaderMap& headers,
                              StreamInfo& info, Random& random);

// Adds this proxy's name to Via; nothing if it has none.
void append_via(http::HeaderMap& headers, std::string_view via);

// Fields that belong to one hop: those that Connection names, and the known ones. An upgrade keeps
// Connection and Upgrade.
void remove_hop_by_hop(http::HeaderMap& headers, bool upgrade);

// A version 4 UUID.
std::string_view make_request_id(Random& random, Arena& arena);

}  // namespace outrigger::stream
