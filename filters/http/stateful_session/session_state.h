// SessionState: where a client keeps the address of its upstream host, and how it is written there.
// Thread: any; immutable. Lifetime: the factory's or route table's. Semantics:
// envoy.extensions.http.stateful_session.{cookie,header}.v3; a client's session goes on when it
// meets another proxy of the same configuration, be it this one or Envoy.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <variant>

#include "api/http/header_map.h"
#include "api/stream_info.h"

namespace outrigger::filters::stateful_session {

struct CookieState {
  std::string name;
  std::string path;             // empty or "/": every request has sessions
  std::string attributes;       // "; SameSite=Lax"
  std::chrono::seconds ttl{0};  // 0: the browser's session

  bool takes_path(std::string_view path_of_request) const;
};

struct HeaderState {
  std::string name;  // lower case
};

using SessionState = std::variant<std::monostate, CookieState, HeaderState>;

// False: a request like this has no session.
bool has_session(const SessionState& state, const http::HeaderMap& request);
// "10.0.0.1:80", in the arena; empty: the client has none, or none that is still good.
std::string_view read_session(const SessionState& state, const http::HeaderMap& request,
                              SystemTime now, Arena& arena);
// Tells the client.
void write_session(const SessionState& state, std::string_view address, SystemTime now,
                   http::HeaderMap& response);

}  // namespace outrigger::filters::stateful_session
