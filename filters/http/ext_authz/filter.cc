#include "filters/http/ext_authz/filter.h"

#include <algorithm>
#include <map>

#include "api/config/cluster.h"
#include "api/stats_cluster.h"
#include "filters/http/ext_authz/messages.h"

namespace outrigger::filters::ext_authz {

using http::HeaderId;
using Status = Answer::Status;

namespace {

constexpr std::string_view kMetadata = "envoy.filters.http.ext_authz";
constexpr size_t kRouteLevels = 4;  // route table, virtual host, route, weighted cluster

bool is_upgrade(const http::HeaderMap& headers) {
  return headers.has(HeaderId::upgrade) || headers.get(HeaderId::method) == "CONNECT";
}

LocalReply too_large() {
  LocalReply reply;
  reply.code = 413;
  reply.body = "Payload Too Large";
  reply.outcome.details = "request_payload_too_large";
  reply.outcome.cause = "the body is larger than ext_authz may show to the service";
  return reply;
}

}  // namespace

Verdict ExtAuthzFilter::on_request_headers(FilterContext& context, http::HeaderMap& headers,
                                           bool end_stream) {
  context_ = &context;
  if (context.route() == nullptr) return Verdict::next();
  route_ = static_cast<const ExtAuthzRouteConfig*>(context.route_config());
  if (route_ != nullptr && route_->disabled) return Verdict::next();
  if (!enabled()) {
    stats().disabled.inc();
    if (!denied_when_off()) return Verdict::next();
    return Verdict::reply(failure_reply("ext_authz is off, and nobody passes then"));
  }
  const BodyRule* rule = body_rule();
  if (rule == nullptr || end_stream || is_upgrade(headers)) return ask({}, false);
  if (!rule->allow_partial) context.set_request_buffer_limit(rule->max_bytes);
  holding_ = true;
  return Verdict::hold();
}

bool ExtAuthzFilter::enabled() const {
  if (settings().enabled && !context_->fraction(*settings().enabled)) return false;
  if (!settings().enabled_metadata) return true;
  static const Metadata kNone;
  const auto& extras = context_->info().extras;
  return settings().enabled_metadata->matches(extras == nullptr ? kNone : extras->metadata);
}

bool ExtAuthzFilter::denied_when_off() const {
  uint64_t configured = settings().deny_at_disable ? 1 : 0;
  const std::string& key = settings().deny_at_disable_key;
  return (key.empty() ? configured : context_->runtime_value(key, configured)) != 0;
}

const BodyRule* ExtAuthzFilter::body_rule() const {
  if (route_ != nullptr && route_->no_body) return nullptr;
  if (route_ != nullptr && route_->body) return &*route_->body;
  return settings().body ? &*settings().body : nullptr;
}

Verdict ExtAuthzFilter::on_request_body(FilterContext& context, std::string_view body,
                                        bool end_stream) {
  if (!holding_) return Verdict::next();
  const BodyRule& rule = *body_rule();
  size_t size = context.request_buffered() + body.size();
  if (!rule.allow_partial && size > rule.max_bytes) {
    holding_ = false;
    return Verdict::reply(too_large());
  }
  bool full = rule.allow_partial && size >= rule.max_bytes;
  if (!end_stream && !full) return Verdict::hold();
  std::string shown(context.request_buffer().substr(0, rule.max_bytes));
  shown.append(body.substr(0, rule.max_bytes - shown.size()));
  return ask(shown, size > shown.size() || !end_stream);
}

Verdict ExtAuthzFilter::on_request_trailers(FilterContext& context, http::HeaderMap&) {
  if (!holding_) return Verdict::next();
  return ask(context.request_buffer().substr(0, body_rule()->max_bytes), false);
}

Verdict ExtAuthzFilter::ask(std::string_view body, bool partial) {
  ShownBody shown{body, holding_, partial};
  holding_ = false;
  asked_ = context_->now();
  if (settings().http) {
    http_call_ =
        context_->http_client().start(make_http_check(*context_, settings(), shown), *this);
  } else {
    ask_grpc(shown);
  }
  return Verdict::wait();
}

void ExtAuthzFilter::ask_grpc(const ShownBody& body) {
  // The nearer level's extensions hide those of the same name.
  std::map<std::string, std::string> extensions;
  const FilterRouteConfig* levels[kRouteLevels];
  size_t count = context_->route_configs(levels, kRouteLevels);
  for (size_t i = 0; i < count; ++i) {
    for (const auto& [key, value] :
         static_cast<const ExtAuthzRouteConfig*>(levels[i])->context_extensions) {
      extensions[key] = value;
    }
  }
  const config::GrpcService& service = *settings().grpc;
  grpc_client_ = context_->grpc_clients().make(service);
  grpc::CallOptions options;
  options.timeout = service.timeout;
  grpc_call_ = grpc_client_->open(kCheckMethod, *this, options);
  grpc_call_->send(make_check_message(*context_, settings(), body_rule(), body, extensions));
  grpc_call_->close_sending();
}

void ExtAuthzFilter::on_async_response(http::AsyncResponse response) {
  http_call_.reset();
  act(read_http_answer(response, settings()));
}

void ExtAuthzFilter::on_async_failure(http::AsyncFailure, std::string_view) {
  http_call_.reset();
  act(Answer());
}

void ExtAuthzFilter::on_message(std::string message) {
  message_ = std::move(message);
  has_message_ = true;
}

void ExtAuthzFilter::on_closed(grpc::Code code, std::string_view) {
  grpc_call_.reset();
  bool answered = code == grpc::Code::ok && has_message_;
  act(answered ? read_check_message(message_) : Answer());
}

void ExtAuthzFilter::act(Answer answer) {
  if (answer.status == Status::ok && !answer.metadata.empty()) {
    auto took = std::chrono::duration_cast<std::chrono::milliseconds>(context_->now() - asked_);
    answer.metadata["ext_authz_duration"] = MetadataValue(static_cast<double>(took.count()));
  }
  keep_metadata(answer);
  if (settings().validate_mutations && !mutations_are_valid(answer)) {
    stats().invalid.inc();
    LocalReply reply = failure_reply("the authorization service answered with an invalid header");
    reply.code = 500;
    reply.outcome.details = "ext_authz_invalid";
    context_->reply(reply);
    return;
  }
  switch (answer.status) {
    case Status::ok:
      allow(answer);
      break;
    case Status::denied:
      deny(answer);
      break;
    case Status::error:
      fail(answer);
      break;
  }
}

void ExtAuthzFilter::keep_metadata(const Answer& answer) {
  if (answer.metadata.empty()) return;
  if (!settings().ingest_metadata) {
    stats().ignored_dynamic_metadata.inc();
    return;
  }
  MetadataStruct& kept = context_->info().make_extras(context_->arena()).metadata.of(kMetadata);
  for (const auto& [key, value] : answer.metadata.members()) kept[key] = value;
}

bool ExtAuthzFilter::mutations_are_valid(const Answer& answer) const {
  auto valid = [](const std::vector<FieldEdit>& edits) {
    return std::all_of(edits.begin(), edits.end(), is_valid_field);
  };
  return valid(answer.request) && valid(answer.response) && valid(answer.reply);
}

void ExtAuthzFilter::allow(const Answer& answer) {
  http::HeaderMap& headers = context_->request_headers();
  bool changes = !answer.request.empty() || !answer.request_remove.empty() ||
                 !answer.query_set.empty() || !answer.query_remove.empty();
  apply_edits(answer.request, headers);
  remove_fields(answer.request_remove, headers);
  edit_query(answer.query_set, answer.query_remove, headers);
  response_edits_ = answer.response;
  if (auto* of_cluster = cluster_stats()) of_cluster->ok.inc();
  stats().ok.inc();
  if (settings().clear_route && changes) context_->clear_route();
  context_->resume_request();
}

void ExtAuthzFilter::deny(const Answer& answer) {
  stats().denied.inc();
  if (auto* of_cluster = cluster_stats()) {
    of_cluster->denied.inc();
    if (settings().charge_cluster) charge_cluster(answer.code);
  }
  Arena& arena = context_->arena();
  LocalReply reply;
  reply.code = answer.code;
  size_t most = settings().max_denied_body;
  reply.body =
      arena.copy(std::string_view(answer.body).substr(0, most == 0 ? answer.body.size() : most));
  auto* headers = arena.make<http::HeaderMap>(arena);
  apply_edits(answer.reply, *headers);
  headers->remove(HeaderId::content_length);  // the reply's own says how long it is
  reply.headers = headers;
  reply.outcome.flags.set(ResponseFlag::unauthorized_external_service);
  reply.outcome.details = "ext_authz_denied";
  reply.outcome.cause = "the authorization service refused the request";
  context_->reply(reply);
}

void ExtAuthzFilter::charge_cluster(int code) {
  const config::Cluster* cluster = context_->find_cluster(context_->route_cluster());
  if (cluster == nullptr) return;
  auto count = [&](auto& stats) {
    Counter* classes[] = {&stats.upstream_rq_1xx, &stats.upstream_rq_2xx, &stats.upstream_rq_3xx,
                          &stats.upstream_rq_4xx, &stats.upstream_rq_5xx};
    if (code >= 100 && code < 600) classes[code / 100 - 1]->inc();
    stats.upstream_rq.inc(code);
    stats.upstream_rq_completed.inc();
  };
  count(cluster->stats->local<ClusterStats>(context_->worker()));
  count(cluster->response_stats->local<ClusterResponseStats>(context_->worker()).internal);
}

void ExtAuthzFilter::fail(const Answer& answer) {
  stats().error.inc();
  auto* of_cluster = cluster_stats();
  if (of_cluster != nullptr) of_cluster->error.inc();
  if (settings().failure_mode_allow) {
    stats().failure_mode_allowed.inc();
    if (of_cluster != nullptr) of_cluster->failure_mode_allowed.inc();
    if (settings().failure_header) {
      context_->request_headers().add("x-envoy-auth-failure-mode-allowed", "true");
    }
    context_->resume_request();
    return;
  }
  LocalReply reply = failure_reply("the authorization service gave no usable answer");
  if (answer.has_reply) {
    Arena& arena = context_->arena();
    reply.code = answer.code;
    reply.body = arena.copy(answer.body);
    auto* headers = arena.make<http::HeaderMap>(arena);
    apply_edits(answer.reply, *headers);
    reply.headers = headers;
  }
  context_->reply(reply);
}

LocalReply ExtAuthzFilter::failure_reply(std::string_view cause) const {
  LocalReply reply;
  reply.code = settings().status_on_error;
  reply.outcome.flags.set(ResponseFlag::unauthorized_external_service);
  reply.outcome.details = "ext_authz_error";
  reply.outcome.cause = cause;
  return reply;
}

Verdict ExtAuthzFilter::on_response_headers(FilterContext&, http::HeaderMap& headers, bool) {
  apply_edits(response_edits_, headers);
  return Verdict::next();
}

void ExtAuthzFilter::on_stream_end(FilterContext&) {
  http_call_.reset();
  grpc_call_.reset();
  grpc_client_.reset();
}

const Settings& ExtAuthzFilter::settings() const {
  return factory_.settings();
}

ExtAuthzStats& ExtAuthzFilter::stats() const {
  return factory_.counters().own(context_->worker());
}

ExtAuthzClusterStats* ExtAuthzFilter::cluster_stats() const {
  std::string_view cluster = context_->route_cluster();
  // Names may come from requests (cluster_header): only clusters that are there are counted.
  if (cluster.empty() || context_->find_cluster(cluster) == nullptr) return nullptr;
  return &factory_.counters().of_cluster(cluster, context_->worker());
}

ArenaPtr<HttpFilter> ExtAuthzFactory::create(Arena& arena) const {
  return make_in_arena<ExtAuthzFilter>(arena, *this);
}

}  // namespace outrigger::filters::ext_authz
