// Who the client of a request is, where the connection's peer is not: what x-forwarded-for or a
// field of its own says. Pure. Thread: the stream's worker. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-forwarded-for
// and envoy.extensions.http.original_ip_detection.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "api/config/http_connection_manager.h"
#include "api/http/header_map.h"
#include "api/net/address.h"

namespace outrigger::stream {

struct FoundClient {
  std::optional<net::Address> address;  // absent: nobody says it, or not an address
  bool may_be_trusted = false;          // an internal address makes it an internal request
  bool append_peer = false;             // the peer's address belongs into x-forwarded-for
  std::optional<int> rejection = {};    // of a request whose client had to be found and was not
};

// The address that is `hops` from the right of x-forwarded-for; 0: the last one. A list of one is
// the word of nobody but the peer.
FoundClient last_forwarded(std::string_view list, uint32_t hops);

// The first way that finds an address counts; one that insists on it ends the search.
FoundClient find_client(const std::vector<config::ClientDetection>& ways, const net::Address& peer,
                        const http::HeaderMap& headers);

}  // namespace outrigger::stream
