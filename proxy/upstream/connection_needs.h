// ConnectionNeeds: what a request or a downstream connection asks of the upstream connection that
// carries it, beyond what its cluster says. Requests with different needs never share a connection.
// Default: nothing special. A value type. Thread: one worker.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "api/config/cluster.h"
#include "api/http/header_map.h"
#include "api/net/address.h"
#include "api/stream_info.h"

namespace outrigger::upstream {

struct Host;

struct ConnectionNeeds {
  std::string sni;                        // instead of the TLS context's; empty: the context's
  std::vector<std::string> alpn;          // instead of the TLS context's
  std::vector<std::string> verify_names;  // the peer's certificate must have one of them
  net::Address source;                    // somebody else's address (original_src); invalid: none
  uint32_t mark = 0;                      // SO_MARK, with `source`
  std::string proxy_header;               // PROXY protocol: goes out before everything else
  uint64_t downstream_connection = 0;     // != 0: only for streams of this connection
  std::string shared_state;               // only for streams whose filter state says the same

  // Equal texts, equal needs; empty: the default.
  std::string identity() const;
};

// Whom a request comes from. Each part may be nullptr.
struct NeedsSource {
  const DownstreamConnectionInfo* connection = nullptr;
  const StreamExtras* stream = nullptr;
  const http::HeaderMap* headers = nullptr;  // of an HTTP request, rewritten (auto_sni)
};

// What a connection to this host must be like: auto_sni, auto_san_validation, PROXY protocol,
// original_src, connection_pool_per_downstream_connection, and the filter state objects
// envoy.network.upstream_server_name, .upstream_subject_alt_names, .application_protocols. HTTP
// router and TCP proxy both ask it.
ConnectionNeeds find_needs(const config::Cluster& cluster, const Host& host,
                           const NeedsSource& source);

}  // namespace outrigger::upstream
