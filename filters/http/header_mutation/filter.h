// HeaderMutationFilter: adds and removes headers, trailers and query parameters: first the filter's
// own mutations, then those of the route's levels. Thread: the stream's worker. Lifetime: the
// stream's. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/header_mutation_filter
#pragma once

#include <array>
#include <cstddef>
#include <utility>

#include "api/filter/http_filter.h"
#include "filters/http/header_mutation/mutations.h"

namespace outrigger::filters::header_mutation {

struct HeaderMutationRouteConfig final : FilterRouteConfig {
  Mutations mutations;
};

class HeaderMutationFactory;

class HeaderMutationFilter final : public HttpFilter {
 public:
  explicit HeaderMutationFilter(const HeaderMutationFactory& factory) : factory_(factory) {}

  Verdict on_request_headers(FilterContext& context, http::HeaderMap& headers,
                             bool end_stream) override;
  Verdict on_request_trailers(FilterContext& context, http::HeaderMap& trailers) override;
  Verdict on_response_headers(FilterContext& context, http::HeaderMap& headers,
                              bool end_stream) override;
  Verdict on_response_trailers(FilterContext& context, http::HeaderMap& trailers) override;

 private:
  // The filter's own, route table, virtual host, route, weighted cluster.
  static constexpr size_t kLevels = 5;

  void load_levels(FilterContext& context);
  Verdict apply_levels(std::vector<config::HeaderStep> Mutations::*list, http::HeaderMap& headers,
                       FilterContext& context);

  const HeaderMutationFactory& factory_;
  std::array<const Mutations*, kLevels> levels_{};  // in the order in which they apply
  size_t count_ = 0;                                // 0: not loaded yet
};

class HeaderMutationFactory final : public HttpFilterFactory {
 public:
  HeaderMutationFactory(Mutations mutations, bool most_specific_wins)
      : mutations_(std::move(mutations)), most_specific_wins_(most_specific_wins) {}
  ArenaPtr<HttpFilter> create(Arena& arena) const override;
  const Mutations& mutations() const { return mutations_; }
  bool most_specific_wins() const { return most_specific_wins_; }

 private:
  Mutations mutations_;
  bool most_specific_wins_;
};

}  // namespace outrigger::filters::header_mutation
