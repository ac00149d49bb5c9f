// The head of the request that opens a tunnel for a TCP connection: CONNECT, or POST. Thread: one
// worker. Lifetime: the head's is the arena's.
#pragma once

#include "api/arena.h"
#include "api/config/tcp_proxy.h"
#include "api/http/header_map.h"
#include "proxy/observe/log_context.h"

namespace outrigger::tcp {

// `context`: what the host's name and the headers may be made of. `tls`: of the upstream.
const http::HeaderMap& make_tunnel_head(const config::TcpProxy::Tunneling& tunneling,
                                        const observe::LogContext& context, bool tls, Arena& arena);

// "name: value\n" for each field, for the filter state that carries an answer's head on.
std::string head_text(const http::HeaderMap& headers);

}  // namespace outrigger::tcp
