#include "filters/http/stateful_session/filter.h"

#include <string>

namespace outrigger::filters::stateful_session {
namespace {

SystemTime time_of(FilterContext& context) {
  const StreamInfo& info = context.info();
  return info.start_time +
         std::chrono::duration_cast<SystemTime::duration>(context.now() - info.start);
}

}  // namespace

Verdict StatefulSessionFilter::on_request_headers(FilterContext& context, http::HeaderMap& headers,
                                                  bool) {
  if (const auto* route = static_cast<const SessionRouteConfig*>(context.route_config())) {
    if (route->disabled) return Verdict::next();
    settings_ = &route->settings;
  }
  active_ = true;
  has_session_ = has_session(settings_->state, headers);
  if (!has_session_) return Verdict::next();
  address_ = read_session(settings_->state, headers, time_of(context), context.arena());
  if (address_.empty()) return Verdict::next();
  StreamExtras& extras = context.info().make_extras(context.arena());
  extras.override_host = address_;
  extras.override_host_strict = settings_->strict;
  return Verdict::next();
}

Verdict StatefulSessionFilter::on_response_headers(FilterContext& context, http::HeaderMap& headers,
                                                   bool) {
  if (!active_) return Verdict::next();
  const StreamInfo& info = context.info();
  bool had_host = info.upstream_remote.valid();
  if (!has_session_) {
    if (had_host) count(context, &StatefulSessionStats::no_session);
    return Verdict::next();
  }
  if (!had_host) {
    if (settings_->strict && info.flags.has(ResponseFlag::no_healthy_upstream)) {
      count(context, &StatefulSessionStats::failed_closed);
    }
    return Verdict::next();
  }
  std::string address = info.upstream_remote.text();
  if (address == address_) {
    count(context, &StatefulSessionStats::routed);
    return Verdict::next();
  }
  write_session(settings_->state, address, time_of(context), headers);
  if (!settings_->strict) count(context, &StatefulSessionStats::failed_open);
  return Verdict::next();
}

void StatefulSessionFilter::count(FilterContext& context,
                                  Counter StatefulSessionStats::*which) const {
  if (stats_ != nullptr) (stats_->local<StatefulSessionStats>(context.worker()).*which).inc();
}

ArenaPtr<HttpFilter> StatefulSessionFactory::create(Arena& arena) const {
  return make_in_arena<StatefulSessionFilter>(arena, settings_, stats_.get());
}

}  // namespace outrigger::filters::stateful_session
