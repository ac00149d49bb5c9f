// HeaderToMetadataFilter: writes headers and cookies, or that they are missing, into dynamic
// metadata. Thread: the stream's worker. Lifetime: the stream's. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/header_to_metadata_filter
#pragma once

#include <utility>

#include "api/filter/http_filter.h"
#include "filters/http/header_to_metadata/rules.h"

namespace outrigger::filters::header_to_metadata {

class HeaderToMetadataFilter final : public HttpFilter {
 public:
  explicit HeaderToMetadataFilter(const Rules& rules) : rules_(&rules) {}

  Verdict on_request_headers(FilterContext& context, http::HeaderMap& headers,
                             bool end_stream) override;
  Verdict on_response_headers(FilterContext& context, http::HeaderMap& headers,
                              bool end_stream) override;

 private:
  void choose_rules(FilterContext& context);

  const Rules* rules_;   // the filter's, then those of the most specific level
  bool chosen_ = false;  // a response meets the rules that its request met
};

class HeaderToMetadataFactory final : public HttpFilterFactory {
 public:
  explicit HeaderToMetadataFactory(Rules rules) : rules_(std::move(rules)) {}
  ArenaPtr<HttpFilter> create(Arena& arena) const override;

 private:
  Rules rules_;
};

}  // namespace outrigger::filters::header_to_metadata
