// The key that scoped routes are chosen by, made of a request's headers. Thread: any; pure.
// Semantics: envoy...http_connection_manager.v3.ScopedRoutes.ScopeKeyBuilder.
#pragma once

#include <optional>

#include "api/config/scoped_routes.h"
#include "api/http/header_map.h"

namespace outrigger::route {

// nullopt: the request lacks a part of it.
std::optional<config::ScopeKey> make_scope_key(const config::ScopedRoutes& scopes,
                                               const http::HeaderMap& headers);

}  // namespace outrigger::route
