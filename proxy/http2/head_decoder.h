// HeadDecoder: fields as nghttp2 gives them, already checked for form -> a HeaderMap in the
// stream's arena, each copied once.
// Thread: the worker. Lifetime: one head or one block of trailers; begin() starts the next.
#pragma once

#include <cstdint>

#include "api/http/codec_options.h"
#include "api/http/header_map.h"
#include "proxy/http2/reset_code.h"

namespace outrigger::http2 {

class HeadDecoder {
 public:
  enum class Verdict : uint8_t {
    ok,
    too_large,
    underscore
  };

  void begin(Arena& arena);
  // Counts and policies of `options`; what is dropped by policy is counted in `stats` and is ok.
  Verdict add(std::string_view name, std::string_view value, Side side,
              const http::HeadLimits& limits, http::Http2Stats& stats);
  // The complete map: cookie crumbs joined (RFC 9113, 8.2.3), host in place of a missing
  // :authority. Null before begin().
  http::HeaderMap* finish();
  bool started() const { return map_ != nullptr; }

 private:
  // Server side only: a browser sends a field per cookie to compress them one by one.
  struct Crumb {
    std::string_view value;
    Crumb* next;
  };
  void add_crumb(std::string_view value);
  std::string_view join_crumbs();

  http::HeaderMap* map_ = nullptr;
  Crumb* first_crumb_ = nullptr;
  Crumb* last_crumb_ = nullptr;
  size_t crumb_bytes_ = 0;
  size_t bytes_ = 0;
};

}  // namespace outrigger::http2
