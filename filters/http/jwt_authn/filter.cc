#include "filters/http/jwt_authn/filter.h"

#include <algorithm>
#include <string>

#include "filters/http/jwt_authn/authenticator.h"

namespace outrigger::filters::jwt_authn {

using http::HeaderId;

namespace {

// The realm names the resource; a path may be as long as a head.
constexpr size_t kMaxPathInRealm = 256;
constexpr std::string_view kMetadata = "envoy.filters.http.jwt_authn";

bool is_cors_preflight(const http::HeaderMap& headers) {
  return headers.get(HeaderId::method) == "OPTIONS" && !headers.get(HeaderId::origin).empty() &&
         !headers.get("access-control-request-method").empty();
}

std::string_view original_uri(const http::HeaderMap& headers, Arena& arena) {
  std::string_view path = headers.get("x-envoy-original-path");
  if (path.empty()) path = headers.get(HeaderId::path);
  return arena.concat(headers.get(HeaderId::x_forwarded_proto), "://",
                      headers.get(HeaderId::authority), path.substr(0, kMaxPathInRealm));
}

// Logs separate their fields by spaces.
std::string_view details(std::string_view reason, Arena& arena) {
  std::string text = "jwt_authn_access_denied{" + std::string(reason) + "}";
  std::replace(text.begin(), text.end(), ' ', '_');
  return arena.copy(text);
}

}  // namespace

Verdict JwtFilter::on_request_headers(FilterContext& context, http::HeaderMap& headers, bool) {
  context_ = &context;
  if (factory_.settings().bypass_cors_preflight && is_cors_preflight(headers)) {
    stats().cors_preflight_bypassed.inc();
    stats().allowed.inc();
    return Verdict::next();
  }
  const JwtRouteConfig* unknown = nullptr;
  requirement_ = find_requirement(context, unknown);
  if (unknown != nullptr) return Verdict::reply(refuse_unknown(*unknown));
  if (requirement_ == nullptr) {
    stats().allowed.inc();
    return Verdict::next();
  }
  original_uri_ = original_uri(headers, context.arena());
  Authenticator(context, factory_.settings(), stats())
      .collect_missing_keys(*requirement_, missing_);
  if (missing_.empty()) return judge();
  fetch_next();
  return Verdict::wait();
}

const Requirement* JwtFilter::find_requirement(FilterContext& context,
                                               const JwtRouteConfig*& unknown) const {
  const Settings& settings = factory_.settings();
  if (const auto* route = static_cast<const JwtRouteConfig*>(context.route_config())) {
    if (route->disabled) return nullptr;
    auto found = settings.by_name.find(route->requirement_name);
    if (found != settings.by_name.end()) return found->second;
    unknown = route;
    return nullptr;
  }
  for (const Rule& rule : settings.rules) {
    if (context.request_matches(rule.match)) return rule.requirement;
  }
  if (settings.filter_state.empty()) return nullptr;
  const StreamInfo& info = context.info();
  const std::string* value =
      info.extras == nullptr ? nullptr : info.extras->filter_state.find(settings.filter_state);
  if (value == nullptr && info.connection != nullptr) {
    value = info.connection->find_filter_state(settings.filter_state);
  }
  if (value == nullptr) return nullptr;
  auto found = settings.by_filter_state.find(*value);
  return found == settings.by_filter_state.end() ? nullptr : found->second;
}

LocalReply JwtFilter::refuse_unknown(const JwtRouteConfig& route) {
  stats().denied.inc();
  Arena& arena = context_->arena();
  std::string_view reason = arena.concat("Wrong requirement_name: ", route.requirement_name,
                                         ". It should be one of the names in the requirement_map");
  LocalReply reply;
  reply.code = 403;
  if (!factory_.settings().strip_failure_response) {
    reply.body = arena.concat("Failed JWT authentication: ", reason);
  }
  reply.outcome.details = details(reason, arena);
  reply.outcome.cause = "the route names a requirement that the jwt_authn filter does not have";
  return reply;
}

Verdict JwtFilter::judge() {
  Authenticator authenticator(*context_, factory_.settings(), stats());
  Status status = authenticator.judge(*requirement_);
  if (status != Status::ok) return Verdict::reply(deny(status));
  stats().allowed.inc();
  if (!authenticator.metadata().empty()) {
    Arena& arena = context_->arena();
    MetadataStruct& kept = context_->info().make_extras(arena).metadata.of(kMetadata);
    for (const auto& [key, value] : authenticator.metadata().members()) kept[key] = value;
  }
  if (authenticator.clear_route()) context_->clear_route();
  return Verdict::next();
}

LocalReply JwtFilter::deny(Status status) {
  stats().denied.inc();
  Arena& arena = context_->arena();
  bool strip = factory_.settings().strip_failure_response;
  LocalReply reply;
  reply.code = status == Status::audience_not_allowed ? 403 : 401;
  if (!strip) {
    reply.body = text_of(status);
    auto* headers = arena.make<http::HeaderMap>(arena);
    headers->add("www-authenticate",
                 arena.concat("Bearer realm=\"", original_uri_, "\"",
                              status == Status::missing ? "" : ", error=\"invalid_token\""));
    reply.headers = headers;
  }
  reply.outcome.details = details(text_of(status), arena);
  reply.outcome.cause = arena.concat("jwt_authn refused the request: ", text_of(status));
  return reply;
}

void JwtFilter::fetch_next() {
  const RemoteKeys& remote = *missing_.back()->remote();
  http::AsyncRequest request;
  request.cluster = remote.cluster;
  request.headers = {{":method", "GET"},
                     {":path", remote.path},
                     {":scheme", remote.scheme},
                     {":authority", remote.authority}};
  request.timeout = remote.timeout;
  call_ = context_->http_client().start(std::move(request), *this);
}

void JwtFilter::on_async_response(http::AsyncResponse response) {
  auto keys = std::make_shared<Jwks>();
  if (response.status != 200 || response.body.empty()) {
    note_fetch_failure(Status::fetch_failed);
  } else if (Status status = parse_jwks(response.body, *keys); status != Status::ok) {
    note_fetch_failure(Status::fetch_failed);
  } else {
    stats().jwks_fetch_success.inc();
    missing_.back()->store(std::move(keys), context_->now());
  }
  after_fetch();
}

void JwtFilter::on_async_failure(http::AsyncFailure, std::string_view) {
  note_fetch_failure(Status::fetch_failed);
  after_fetch();
}

void JwtFilter::note_fetch_failure(Status why) {
  stats().jwks_fetch_failed.inc();
  missing_.back()->note_failure(why, context_->now());
}

void JwtFilter::after_fetch() {
  call_.reset();
  missing_.pop_back();
  if (!missing_.empty()) {
    fetch_next();
    return;
  }
  Verdict verdict = judge();
  if (verdict.kind() == Verdict::Kind::next) {
    context_->resume_request();
  } else {
    context_->reply(verdict.local_reply());
  }
}

void JwtFilter::on_stream_end(FilterContext&) {
  call_.reset();
}

JwtStats& JwtFilter::stats() const {
  return factory_.stats(context_->worker());
}

ArenaPtr<HttpFilter> JwtFactory::create(Arena& arena) const {
  return make_in_arena<JwtFilter>(arena, *this);
}

}  // namespace outrigger::filters::jwt_authn
