#include "filters/http/header_mutation/filter.h"

namespace outrigger::filters::header_mutation {

Verdict HeaderMutationFilter::on_request_headers(FilterContext& context, http::HeaderMap& headers,
                                                 bool) {
  load_levels(context);
  for (size_t i = 0; i < count_; ++i) {
    context.apply(levels_[i]->request, headers);
    const http::HeaderField* path = headers.find(http::HeaderId::path);
    if (!levels_[i]->query.empty() && path != nullptr) {
      headers.set(http::HeaderId::path, apply(levels_[i]->query, path->value, context));
    }
  }
  return Verdict::next();
}

Verdict HeaderMutationFilter::on_request_trailers(FilterContext& context,
                                                  http::HeaderMap& trailers) {
  return apply_levels(&Mutations::request_trailers, trailers, context);
}

Verdict HeaderMutationFilter::on_response_headers(FilterContext& context, http::HeaderMap& headers,
                                                  bool) {
  return apply_levels(&Mutations::response, headers, context);
}

Verdict HeaderMutationFilter::on_response_trailers(FilterContext& context,
                                                   http::HeaderMap& trailers) {
  return apply_levels(&Mutations::response_trailers, trailers, context);
}

// Once for all of a stream, so that its response meets the levels that its request met.
void HeaderMutationFilter::load_levels(FilterContext& context) {
  if (count_ != 0) return;
  levels_[count_++] = &factory_.mutations();
  const FilterRouteConfig* configs[kLevels - 1];
  size_t found = context.route_configs(configs, kLevels - 1);
  for (size_t i = 0; i < found; ++i) {
    // Who comes last wins.
    size_t at = factory_.most_specific_wins() ? i : found - 1 - i;
    levels_[count_++] = &static_cast<const HeaderMutationRouteConfig*>(configs[at])->mutations;
  }
}

Verdict HeaderMutationFilter::apply_levels(std::vector<config::HeaderStep> Mutations::*list,
                                           http::HeaderMap& headers, FilterContext& context) {
  // A filter before this one may have answered: then no request came by here.
  load_levels(context);
  for (size_t i = 0; i < count_; ++i) context.apply(levels_[i]->*list, headers);
  return Verdict::next();
}

ArenaPtr<HttpFilter> HeaderMutationFactory::create(Arena& arena) const {
  return make_in_arena<HeaderMutationFilter>(arena, *this);
}

}  // namespace outrigger::filters::header_mutation
