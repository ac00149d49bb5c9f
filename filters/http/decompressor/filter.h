// DecompressorFilter: takes compressed bodies apart for who cannot, and tells upstreams that it
// does. Each piece is decoded as it passes: nothing is held back. A body that is wrong, or becomes
// too much, ends where that was found. Thread: the stream's worker. Lifetime: the stream's.
// Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/decompressor_filter
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "api/filter/http_filter.h"
#include "api/stats.h"
#include "filters/http/decompressor/decoder.h"

namespace outrigger::filters::decompressor {

#define OUTRIGGER_DECOMPRESSOR_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(decompressed)                                                \
  COUNTER(not_decompressed)                                            \
  COUNTER(total_compressed_bytes)                                      \
  COUNTER(total_uncompressed_bytes)
OUTRIGGER_DEFINE_STATS(DecompressorStats, OUTRIGGER_DECOMPRESSOR_STATS)

struct DirectionRules {
  bool enabled = true;
  std::string enabled_key;  // of the runtime
  bool ignore_no_transform = false;
  StatsScopePtr stats;
};

struct DecompressorSettings {
  DecoderSettings decoder;
  DirectionRules request, response;
  bool advertise = true;
  StatsScopePtr errors;
  // Trailers that say what a body was and became.
  std::string compressed_trailer, uncompressed_trailer;
};

class DecompressorFilter final : public HttpFilter {
 public:
  explicit DecompressorFilter(const DecompressorSettings& settings) : settings_(settings) {}

  Verdict on_request_headers(FilterContext& context, http::HeaderMap& headers,
                             bool end_stream) override;
  Verdict on_request_body(FilterContext& context, std::string_view body, bool end_stream) override;
  Verdict on_request_trailers(FilterContext& context, http::HeaderMap& trailers) override;
  Verdict on_response_headers(FilterContext& context, http::HeaderMap& headers,
                              bool end_stream) override;
  Verdict on_response_body(FilterContext& context, std::string_view body, bool end_stream) override;
  Verdict on_response_trailers(FilterContext& context, http::HeaderMap& trailers) override;

 private:
  // One direction's message while it is decoded.
  struct Message {
    std::unique_ptr<Decoder> decoder;  // nullptr: it passes as it is
    bool failed = false;
    std::string out;
    uint64_t compressed = 0;
    uint64_t uncompressed = 0;
  };

  void begin(FilterContext& context, const DirectionRules& rules, http::HeaderMap& headers,
             Message& message) const;
  void write(FilterContext& context, const DirectionRules& rules, Message& message,
             std::string_view piece) const;
  void report(const Message& message, http::HeaderMap& trailers) const;

  const DecompressorSettings& settings_;
  Message request_, response_;
};

class DecompressorFactory final : public HttpFilterFactory {
 public:
  explicit DecompressorFactory(DecompressorSettings settings) : settings_(std::move(settings)) {}
  ArenaPtr<HttpFilter> create(Arena& arena) const override;

 private:
  DecompressorSettings settings_;
};

}  // namespace outrigger::filters::decompressor
