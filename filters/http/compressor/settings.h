// Settings: what is compressed, and how, compiled. Thread: any; immutable. Lifetime: the filter
// factory's. Semantics: envoy.extensions.filters.http.compressor.v3.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/filter/http_filter.h"
#include "api/http/header_map.h"
#include "api/stats.h"
#include "filters/http/compressor/encoder.h"

namespace outrigger::filters::compressor {

#define OUTRIGGER_COMPRESSOR_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(header_compressor_overshadowed)                            \
  COUNTER(header_compressor_used)                                    \
  COUNTER(header_identity)                                           \
  COUNTER(header_not_valid)                                          \
  COUNTER(header_wildcard)                                           \
  COUNTER(no_accept_header)                                          \
  COUNTER(not_compressed_etag)
OUTRIGGER_DEFINE_STATS(CompressorStats, OUTRIGGER_COMPRESSOR_STATS)

#define OUTRIGGER_COMPRESSOR_DIRECTION_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(compressed)                                                          \
  COUNTER(content_length_too_small)                                            \
  COUNTER(not_compressed)                                                      \
  COUNTER(total_compressed_bytes)                                              \
  COUNTER(total_uncompressed_bytes)
OUTRIGGER_DEFINE_STATS(DirectionStats, OUTRIGGER_COMPRESSOR_DIRECTION_STATS)

struct DirectionSettings {
  bool enabled = false;
  std::string enabled_key;  // of the runtime
  uint64_t min_content_length = 30;
  std::vector<std::string> content_types;  // lower case
  StatsScopePtr stats;

  // No type is one that may be compressed.
  bool allows_type(const http::HeaderMap& headers) const;
};

// In a compressor's description, among the types; no type is like that.
inline constexpr std::string_view kChooseFirst = " choose-first";

struct Settings {
  EncoderSettings encoder;
  DirectionSettings request, response;
  bool disable_on_etag = false;
  bool remove_accept_encoding = false;
  bool status_header = false;  // says of each response what became of it, and why
  std::vector<uint32_t> uncompressible_codes;
  bool choose_first = false;  // where a client likes several as much
  // This compressor as others of the chain see it, after its encoding: the types that it is for.
  std::string description;
  StatsScopePtr stats;
};

struct CompressorRouteConfig final : FilterRouteConfig {
  bool disabled = false;
  std::optional<bool> remove_accept_encoding;
  std::optional<EncoderSettings> encoder;  // in place of the filter's
};

}  // namespace outrigger::filters::compressor
