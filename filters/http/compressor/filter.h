// CompressorFilter: sends bodies compressed to who takes them so. Thread: the stream's worker.
// Lifetime: the stream's. Each piece is compressed and flushed as it passes: nothing is held back.
// Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/compressor_filter
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api/filter/http_filter.h"
#include "filters/http/compressor/settings.h"

namespace outrigger::filters::compressor {

class CompressorFilter final : public HttpFilter {
 public:
  explicit CompressorFilter(const Settings& settings)
      : settings_(settings), encoder_(&settings.encoder) {}

  Verdict on_request_headers(FilterContext& context, http::HeaderMap& headers,
                             bool end_stream) override;
  Verdict on_request_body(FilterContext& context, std::string_view body, bool end_stream) override;
  Verdict on_request_trailers(FilterContext& context, http::HeaderMap& trailers) override;
  Verdict on_response_headers(FilterContext& context, http::HeaderMap& headers,
                              bool end_stream) override;
  Verdict on_response_body(FilterContext& context, std::string_view body, bool end_stream) override;
  Verdict on_response_trailers(FilterContext& context, http::HeaderMap& trailers) override;

 private:
  // One direction's message while it is compressed.
  struct Message {
    std::unique_ptr<Encoder> encoder;  // nullptr: it passes as it is
    std::string out;
  };

  bool is_enabled(FilterContext& context, const DirectionSettings& direction) const;
  bool is_long_enough(FilterContext& context, const http::HeaderMap& headers,
                      const DirectionSettings& direction) const;
  // Why a response that could be changed is not compressed; empty: nothing is in the way.
  std::string_view obstacle(const http::HeaderMap& headers) const;
  void add_status(FilterContext& context, http::HeaderMap& headers,
                  std::string_view original_length) const;
  bool may_compress_response(FilterContext& context, const http::HeaderMap& headers) const;
  // Does the client take it, and from no other compressor of the chain rather than this?
  bool is_chosen(FilterContext& context, const http::HeaderMap& headers) const;
  void begin(http::HeaderMap& headers, Message& message) const;
  // False: the encoder failed, and the stream was ended.
  bool write(FilterContext& context, Message& message, const DirectionSettings& direction,
             std::string_view piece, bool last) const;

  const Settings& settings_;
  const EncoderSettings* encoder_;  // the filter's, or the route's
  bool disabled_ = false;
  std::optional<std::string_view> accept_encoding_;
  Message request_, response_;
};

class CompressorFactory final : public HttpFilterFactory {
 public:
  explicit CompressorFactory(Settings settings) : settings_(std::move(settings)) {}
  ArenaPtr<HttpFilter> create(Arena& arena) const override;

 private:
  Settings settings_;
};

}  // namespace outrigger::filters::compressor
