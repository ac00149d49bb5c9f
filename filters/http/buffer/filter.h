// BufferFilter: holds a request until all of it is here, so that the upstream gets it at once and
// with its length. A request above the limit is answered 413 by the chain. Thread: the stream's
// worker. Lifetime: the stream's. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/buffer_filter
#pragma once

#include <cstdint>

#include "api/filter/http_filter.h"

namespace outrigger::filters::buffer {

struct BufferRouteConfig final : FilterRouteConfig {
  bool disabled = false;
  uint64_t max_request_bytes = 0;
};

class BufferFilter final : public HttpFilter {
 public:
  explicit BufferFilter(uint64_t max_request_bytes) : max_request_bytes_(max_request_bytes) {}

  Verdict on_request_headers(FilterContext& context, http::HeaderMap& headers,
                             bool end_stream) override;
  Verdict on_request_body(FilterContext& context, std::string_view body, bool end_stream) override;
  Verdict on_request_trailers(FilterContext& context, http::HeaderMap& trailers) override;

 private:
  void add_content_length(FilterContext& context);

  uint64_t max_request_bytes_;
  uint64_t body_bytes_ = 0;
  bool holding_ = false;
};

class BufferFactory final : public HttpFilterFactory {
 public:
  explicit BufferFactory(uint64_t max_request_bytes) : max_request_bytes_(max_request_bytes) {}
  ArenaPtr<HttpFilter> create(Arena& arena) const override;

 private:
  uint64_t max_request_bytes_;
};

}  // namespace outrigger::filters::buffer
