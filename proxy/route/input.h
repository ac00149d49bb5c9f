// What routing reads of a request. Thread: the stream's worker. Lifetime: the call.
#pragma once

#include <cstdint>
#include <string_view>

#include "api/arena.h"
#include "api/config/route_match.h"
#include "api/http/header_map.h"
#include "api/stream_info.h"

namespace outrigger::route {

// Says whether a fraction of requests is chosen, and what weights are; the runtime may override
// what is configured.
class FractionSource {
 public:
  virtual bool chosen(const config::RuntimeFraction& fraction, uint64_t random) const = 0;
  virtual uint64_t number(std::string_view /*key*/, uint64_t fallback) const { return fallback; }

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
  const StreamInfo* info = nullptr;           // nullptr: nothing is known of the stream
};

}  // namespace outrigger::route
