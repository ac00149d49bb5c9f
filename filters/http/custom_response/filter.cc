#include "filters/http/custom_response/filter.h"

#include <string>

namespace outrigger::filters::custom_response {
namespace {

using http::HeaderId;

// Route table, virtual host, route, weighted cluster.
constexpr size_t kLevels = 4;

int status_of(const http::HeaderMap& headers) {
  uint64_t code = 0;
  return http::parse_decimal(headers.get(HeaderId::status), code) ? static_cast<int>(code) : 500;
}

}  // namespace

Verdict CustomResponseFilter::on_request_headers(FilterContext&, http::HeaderMap&, bool) {
  request_seen_ = true;
  return Verdict::next();
}

Verdict CustomResponseFilter::on_response_headers(FilterContext& context, http::HeaderMap& headers,
                                                  bool) {
  if (const DetourMark* mark = context.detour_mark()) {
    const auto* sent = dynamic_cast<const SentElsewhere*>(mark);
    return sent == nullptr ? Verdict::next() : finish(*sent, context, headers);
  }
  const Policy* policy = find(context);
  if (policy == nullptr) return Verdict::next();
  if (const auto* local = std::get_if<LocalResponse>(policy))
    return answer(*local, context, headers);
  return send_elsewhere(std::get<std::shared_ptr<const Redirect>>(*policy), context, headers);
}

// The most specific level whose matcher chooses one.
const Policy* CustomResponseFilter::find(FilterContext& context) const {
  const config::MatchSource& source = context.match_source();
  const FilterRouteConfig* levels[kLevels];
  for (size_t count = context.route_configs(levels, kLevels); count > 0; --count) {
    const auto& level = static_cast<const Policies&>(*levels[count - 1]);
    if (const Policy* found = level.find(source)) return found;
  }
  return own_.find(source);
}

Verdict CustomResponseFilter::answer(const LocalResponse& policy, FilterContext& context,
                                     const http::HeaderMap& headers) const {
  LocalReply reply;
  reply.code = policy.status.value_or(status_of(headers));
  reply.body = policy.body_format ? context.render(*policy.body_format, policy.body)
                                  : std::string_view(policy.body);
  reply.outcome.details = "custom_response";
  auto* fields = context.arena().make<http::HeaderMap>(context.arena());
  context.apply(policy.headers, *fields);
  reply.headers = fields;
  return Verdict::reply(reply);
}

Verdict CustomResponseFilter::send_elsewhere(const std::shared_ptr<const Redirect>& policy,
                                             FilterContext& context,
                                             const http::HeaderMap& headers) const {
  // Who answered before this filter saw the request did so for a reason of the connection's or an
  // earlier filter's: the request has not been let in yet.
  if (!request_seen_) return Verdict::next();
  Detour detour;
  detour.url = policy->url;
  detour.redirect = &policy->route;
  detour.request_headers = &policy->request_headers;
  detour.mark = std::make_shared<SentElsewhere>(policy, status_of(headers));
  switch (context.take(detour)) {
    case DetourResult::invalid_url:
      policy->stats->local<CustomResponseStats>(context.worker()).custom_response_invalid_uri.inc();
      break;
    case DetourResult::no_route:
      policy->stats->local<CustomResponseStats>(context.worker())
          .custom_response_redirect_no_route.inc();
      break;
    case DetourResult::begun:
    case DetourResult::not_possible:
      break;
  }
  return Verdict::next();
}

Verdict CustomResponseFilter::finish(const SentElsewhere& mark, FilterContext& context,
                                     http::HeaderMap& headers) const {
  context.apply(mark.policy->response_headers, headers);
  int code = mark.policy->status.value_or(mark.status);
  headers.set_copy(HeaderId::status, std::to_string(code));
  context.info().response_code = code;
  return Verdict::next();
}

}  // namespace outrigger::filters::custom_response
