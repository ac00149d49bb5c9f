// RouterFilter: the end of every chain; hands the request to its route's upstream. What it means to
// forward (retries, timeouts, mirrors) is proxy/stream's and proxy/upstream's; here is only that it
// happens, and with which options. Thread: the stream's worker. Lifetime: the stream's.
#pragma once

#include "api/filter/http_filter.h"

namespace outrigger::filters::router {

class RouterFilter final : public HttpFilter {
 public:
  Verdict on_request_headers(FilterContext&, http::HeaderMap&, bool end_stream) override;
};

class RouterFactory final : public HttpFilterFactory {
 public:
  explicit RouterFactory(const RouterOptions& options) : options_(options) {}
  ArenaPtr<HttpFilter> create(Arena& arena) const override;
  const RouterOptions* router_options() const override { return &options_; }

 private:
  RouterOptions options_;
};

}  // namespace outrigger::filters::router
