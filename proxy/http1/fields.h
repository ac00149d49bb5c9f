// The field lines of a head or a trailer section: parsed in place, checked, added to a HeaderMap as
// views. What decides the message's framing and the connection's fate is collected beside the map.
#pragma once

#include <cstdint>
#include <string_view>

#include "api/http/codec_options.h"
#include "api/http/header_map.h"
#include "proxy/http1/error.h"

namespace outrigger::http1 {

enum class Section : uint8_t {
  request,
  response,
  trailers
};

struct FieldRules {
  const http::Http1Options& options;
  http::Http1Stats& stats;
  Section section;
  bool server;  // read from a client: the underscores policy applies
};

// Not in the map: transfer-encoding always, host in requests (it becomes :authority).
struct FieldFacts {
  uint64_t content_length = 0;
  bool has_length = false;
  bool chunked = false;
  bool connection_close = false;
  bool connection_keep_alive = false;
  bool connection_upgrade = false;
  bool has_host = false;
  bool has_upgrade = false;
  size_t octets = 0;  // names, colons, values and line ends: white space is not counted
  std::string_view host;
  std::string_view host_original_name;
};

// `at` is the first field line, or the empty line; the section ends with an empty line and
// kScanSlack NULs.
HeadError parse_fields(char* at, const FieldRules& rules, http::HeaderMap& map, FieldFacts& facts);

}  // namespace outrigger::http1
