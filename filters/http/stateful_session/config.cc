#include "filters/http/stateful_session/config.h"

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include <fmt/format.h>

#include "envoy/extensions/filters/http/stateful_session/v3/stateful_session.pb.h"
#include "envoy/extensions/http/stateful_session/cookie/v3/cookie.pb.h"
#include "envoy/extensions/http/stateful_session/header/v3/header.pb.h"

#include "api/filter/filter_stats.h"
#include "filters/http/stateful_session/filter.h"

namespace outrigger::filters::stateful_session {
namespace {

namespace pb = envoy::extensions::filters::http::stateful_session::v3;
namespace states = envoy::extensions::http::stateful_session;

CookieState compile_cookie(const envoy::type::http::v3::Cookie& proto) {
  CookieState out;
  out.name = proto.name();
  out.path = proto.path();
  out.ttl = std::chrono::seconds(proto.ttl().seconds());
  for (const auto& attribute : proto.attributes()) {
    out.attributes += "; " + attribute.name();
    if (!attribute.value().empty()) out.attributes += "=" + attribute.value();
  }
  return out;
}

absl::StatusOr<SessionSettings> compile_settings(const pb::StatefulSession& proto) {
  SessionSettings out;
  out.strict = proto.strict();
  if (!proto.has_session_state()) return out;
  const auto& any = proto.session_state().typed_config();
  states::cookie::v3::CookieBasedSessionState cookie;
  states::header::v3::HeaderBasedSessionState header;
  if (any.UnpackTo(&cookie)) {
    out.state = compile_cookie(cookie.cookie());
  } else if (any.UnpackTo(&header)) {
    out.state = HeaderState{absl::AsciiStrToLower(header.name())};
  } else {
    return absl::InvalidArgumentError(fmt::format(
        "session_state.typed_config: the type '{}' is not supported by Outrigger", any.type_url()));
  }
  return out;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context) {
  const auto& proto = static_cast<const pb::StatefulSession&>(config);
  auto settings = compile_settings(proto);
  if (!settings.ok()) return settings.status();
  StatsScopePtr stats;
  if (!proto.stat_prefix().empty()) {
    stats = filter_stats<StatefulSessionStats>(
        context, fmt::format("stateful_session.{}.", proto.stat_prefix()));
  }
  return std::make_shared<StatefulSessionFactory>(*std::move(settings), std::move(stats));
}

absl::StatusOr<std::shared_ptr<const FilterRouteConfig>> compile_route(
    const google::protobuf::Message& config, CompileContext& /*context*/) {
  const auto& proto = static_cast<const pb::StatefulSessionPerRoute&>(config);
  auto out = std::make_shared<SessionRouteConfig>();
  out->disabled = proto.disabled();
  if (proto.has_stateful_session()) {
    auto settings = compile_settings(proto.stateful_session());
    if (!settings.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("stateful_session.{}", std::string(settings.status().message())));
    }
    out->settings = *std::move(settings);
  }
  return out;
}

}  // namespace outrigger::filters::stateful_session
