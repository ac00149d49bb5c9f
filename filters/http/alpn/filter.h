// AlpnFilter: which protocols the upstream's TLS handshake offers, by the HTTP version that the
// request goes on with. Under mutual TLS the receiving proxy of an Istio mesh tells HTTP from TCP
// by what was agreed. Thread: the stream's worker. Lifetime: the stream's. Semantics: Istio's
// filter "istio.alpn".
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "api/filter/http_filter.h"

namespace outrigger::filters::alpn {

// Each a list with commas, most wanted first; empty: what the cluster says.
struct Overrides {
  std::string http10, http11, http2;
};

class AlpnFilter final : public HttpFilter {
 public:
  explicit AlpnFilter(const Overrides& overrides) : overrides_(overrides) {}

  Verdict on_request_headers(FilterContext& context, http::HeaderMap& headers,
                             bool end_stream) override;

 private:
  const Overrides& overrides_;
};

class AlpnFactory final : public HttpFilterFactory {
 public:
  explicit AlpnFactory(Overrides overrides) : overrides_(std::move(overrides)) {}

  ArenaPtr<HttpFilter> create(Arena& arena) const override {
    return make_in_arena<AlpnFilter>(arena, overrides_);
  }

 private:
  Overrides overrides_;
};

}  // namespace outrigger::filters::alpn
