// Route match: which virtual host and which route of an immutable table a request belongs to.
// Thread: the stream's worker. Pure: no state, no clock; the result points into the table.
// Host: exact domain, then the longest "*.suffix", then the longest "prefix.*", then "*". Routes:
// the first that matches, in order.
#pragma once

#include <cstdint>
#include <string_view>

#include "api/arena.h"
#include "api/config/route.h"
#include "api/http/header_map.h"

namespace outrigger::route {

// Says whether a fraction of requests is chosen; the runtime may override the configured share.
class FractionSource {
 public:
  virtual bool chosen(const config::RuntimeFraction& fraction, uint64_t random) const = 0;

 protected:
  ~FractionSource() = default;
};

// The configured share, without any override.
inline bool chosen_by_default(const config::RuntimeFraction& fraction, uint64_t random) {
  return random % 1'000'000 < fraction.per_million;
}

struct RouteInput {
  const http::HeaderMap& headers;
  Arena& scratch;                             // for joined header values
  uint64_t random = 0;                        // the same number for all decisions of one stream
  const FractionSource* fractions = nullptr;  // nullptr: the configured shares
};

struct RouteMatchResult {
  const config::VirtualHost* host = nullptr;
  const config::Route* route = nullptr;
  // The host wants TLS and the request came without: answer 301 to tls_redirect_location(). `route`
  // is then nullptr.
  bool needs_tls = false;
};

RouteMatchResult match(const config::RouteTable& table, const RouteInput& input);

// The parts, for tests and for filters that match by themselves.
const config::VirtualHost* find_host(const config::RouteTable& table, std::string_view authority,
                                     Arena& scratch);
bool matches(const config::RouteMatch& match, const RouteInput& input);

// "example.com:80" without the port, "[::1]:80" as "[::1]".
std::string_view without_port(std::string_view authority);
// :path without query and fragment.
std::string_view path_only(std::string_view path);

}  // namespace outrigger::route
