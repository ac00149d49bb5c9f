// CustomResponseFilter: puts another response in the place of the one that is on its way: one made
// here, or that of another route. A request that was sent elsewhere is not sent on from there: no
// loop can be. Thread: the stream's worker. Lifetime: the stream's. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/custom_response_filter
#pragma once

#include <memory>
#include <utility>

#include "api/filter/http_filter.h"
#include "filters/http/custom_response/policy.h"

namespace outrigger::filters::custom_response {

class CustomResponseFilter final : public HttpFilter {
 public:
  explicit CustomResponseFilter(const Policies& own) : own_(own) {}

  Verdict on_request_headers(FilterContext& context, http::HeaderMap& headers,
                             bool end_stream) override;
  Verdict on_response_headers(FilterContext& context, http::HeaderMap& headers,
                              bool end_stream) override;

 private:
  const Policy* find(FilterContext& context) const;
  Verdict answer(const LocalResponse& policy, FilterContext& context,
                 const http::HeaderMap& headers) const;
  Verdict send_elsewhere(const std::shared_ptr<const Redirect>& policy, FilterContext& context,
                         const http::HeaderMap& headers) const;
  // The response of a request that was sent elsewhere.
  Verdict finish(const SentElsewhere& mark, FilterContext& context, http::HeaderMap& headers) const;

  const Policies& own_;
  bool request_seen_ = false;
};

class CustomResponseFactory final : public HttpFilterFactory {
 public:
  explicit CustomResponseFactory(std::shared_ptr<const Policies> policies)
      : policies_(std::move(policies)) {}
  ArenaPtr<HttpFilter> create(Arena& arena) const override {
    return make_in_arena<CustomResponseFilter>(arena, *policies_);
  }

 private:
  std::shared_ptr<const Policies> policies_;
};

}  // namespace outrigger::filters::custom_response
