// What a route does to :path and :authority before the request goes upstream. Thread: the stream's
// worker; text lives in the arena of the headers or in the route table.
#pragma once

#include <string_view>

#include "api/arena.h"
#include "api/config/route.h"
#include "api/http/header_map.h"
#include "proxy/route/header_mutation.h"

namespace outrigger::route {

// The path after the route's prefix or regex rewrite, with its query; empty: nothing to rewrite.
// (What a format makes of it is for rewrite_request alone.)
std::string_view rewritten_path(const config::Route& route, std::string_view path, Arena& arena);

struct RewriteOptions {
  bool envoy_headers = true;      // say what it was: x-envoy-original-path, x-envoy-original-host
  ValueSource* values = nullptr;  // for rewrites by a format; nullptr: they change nothing
};

// Applies the host and path rewrites of a forwarding route; other routes change nothing.
// auto_host_rewrite comes later, when the endpoint is known.
void rewrite_request(const config::Route& route, http::HeaderMap& headers, RewriteOptions options);

// Sets :authority; appends the old one to x-forwarded-host if asked and if it is not the last one
// there already.
void rewrite_host(http::HeaderMap& headers, std::string_view host, bool append_x_forwarded_host,
                  RewriteOptions options);

}  // namespace outrigger::route
