#include "proxy/stream/router.h"

#include <utility>

#include "proxy/route/match.h"
#include "proxy/route/redirect.h"
#include "proxy/route/rewrite.h"
#include "proxy/route/weighted.h"
#include "proxy/stream/http_service.h"
#include "proxy/stream/mirror.h"
#include "proxy/stream/response_codes.h"
#include "proxy/stream/worker_services.h"
#include "proxy/upstream/client_connection.h"

namespace outrigger::stream {

using http::HeaderId;
using runtime::Timer;
using std::chrono::milliseconds;

namespace {

LocalReply reply_of(int code, std::string_view body, ResponseFlags flags, std::string_view details,
                    std::string_view cause) {
  return {code, body, {flags, details, cause}, -1};
}

}  // namespace

Router::Router(RouterOwner& owner, runtime::TimerWheel& wheel)
    : owner_(owner),
      global_timer_(wheel, Timer::call<&Router::on_global_timeout, Router>(), this),
      per_try_timer_(wheel, Timer::call<&Router::on_per_try_timeout, Router>(), this),
      try_idle_timer_(wheel, Timer::call<&Router::on_try_idle, Router>(), this),
      duration_timer_(wheel, Timer::call<&Router::on_duration, Router>(), this) {}

Router::~Router() {
  abandon();
}

void Router::on_request_headers(http::HeaderMap& headers, bool end_stream) {
  headers_ = &headers;
  internal_ = headers.has(HeaderId::x_envoy_internal);
  end_seen_ = end_stream;
  HttpStats& stats = owner_.service().stats();
  stats.rq_total.inc();
  if (refuse_invalid(headers) || answer_locally(headers)) {
    state_ = State::done;
    return;
  }
  action_ = route_->forward();
  counts_.begin(*owner_.matched_route().host, *route_, headers, owner_.services(), owner_.arena());
  if (!choose_cluster(*action_)) {
    state_ = State::done;
    return;
  }
  owner_.info().upstream_cluster = &cluster_->config();
  if (drop_overload()) {
    state_ = State::done;
    return;
  }
  if (cluster_->wants_hash()) compute_hash();
  // Of a request that names its host, what the route makes of the name counts.
  bool named = names_host();
  if (!named) host_ = cluster_->pick_host(lb_context(owner_.stream_random()));
  prepare_headers(*action_, headers);
  if (named) go_to(cluster_->pick_host(lb_context(owner_.stream_random())));
  start_mirrors(*action_, headers, end_stream);
  buffer_limit_ = owner_.buffer_limit();
  keep_body_ = retry_rules_.enabled() || action_->internal_redirect != nullptr;
  if (named && host_ == nullptr && wait_for_host()) return;
  attempt(false);
  if (end_stream && state_ != State::done) start_global_timeout();
}

// Everything that needs no upstream: no route, redirects, direct responses. True: answered.
bool Router::answer_locally(http::HeaderMap& headers) {
  HttpStats& stats = owner_.service().stats();
  const route::RouteMatchResult& matched = owner_.matched_route();
  if (matched.needs_tls) {
    http::HeaderMap* response = owner_.arena().make<http::HeaderMap>(owner_.arena());
    response->add(HeaderId::status, "301");
    response->add(HeaderId::location, route::tls_redirect_location(headers, owner_.arena()));
    stats.rq_direct_response.inc();
    owner_.info().details = "direct_response";
    owner_.respond_headers(*response, true);
    return true;
  }
  route_ = matched.route;
  if (route_ == nullptr) {
    stats.no_route.inc();
    std::string_view cause = matched.host == nullptr
                                 ? owner_.arena().concat("no virtual host has the domain ",
                                                         headers.get(HeaderId::authority))
                                 : owner_.arena().concat("virtual host ", matched.host->name,
                                                         " has no route for this request");
    owner_.local_reply(reply_of(404, "", ResponseFlag::no_route_found, "route_not_found", cause));
    return true;
  }
  if (std::holds_alternative<config::RedirectAction>(route_->action)) {
    http::HeaderMap* response = owner_.arena().make<http::HeaderMap>(owner_.arena());
    int code = std::get<config::RedirectAction>(route_->action).code;
    response->add(HeaderId::status, owner_.arena().copy(std::to_string(code)));
    response->add(HeaderId::location, route::redirect_location(*route_, headers, owner_.arena()));
    stats.rq_direct_response.inc();
    owner_.info().details = "direct_response";
    finish_headers(*response);
    owner_.respond_headers(*response, true);
    return true;
  }
  if (const auto* direct = std::get_if<config::DirectResponseAction>(&route_->action)) {
    stats.rq_direct_response.inc();
    answer_directly(*direct);
    return true;
  }
  if (route_->forward() ==
      nullptr) {  // non_forwarding_action: a filter before the router should have answered
    stats.no_route.inc();
    owner_.local_reply(reply_of(404, "", ResponseFlag::no_route_found, "route_not_found",
                                "the route has a non_forwarding_action"));
    return true;
  }
  return false;
}

void Router::answer_directly(const config::DirectResponseAction& action) {
  LocalReply reply = reply_of(action.status, action.body, {}, "direct_response", "");
  Arena& arena = owner_.arena();
  auto* fields = arena.make<http::HeaderMap>(arena);
  if (action.body_format != nullptr) {
    reply.body = owner_.values().render(*action.body_format, action.body);
    bool json = std::holds_alternative<config::JsonFormat>(action.body_format->format);
    const std::string& type = action.body_format->content_type;
    if (json || !type.empty())
      fields->add(HeaderId::content_type,
                  type.empty() ? std::string_view("application/json") : type);
  }
  // What was created, or where it is now, is what was asked for (RFC 9110, 10.2.2).
  if (action.status == 201 || action.status / 100 == 3) {
    fields->add(HeaderId::location,
                arena.concat(headers_->get(HeaderId::scheme), "://",
                             headers_->get(HeaderId::authority), headers_->get(HeaderId::path)));
  }
  reply.headers = fields;
  owner_.local_reply(reply);
}

bool Router::choose_cluster(const config::ForwardAction& action) {
  const route::ClusterChoice& choice = owner_.matched_route().cluster;
  choice_weighted_ = choice.weighted;
  upstream::ClusterTable& clusters = owner_.services().clusters;
  cluster_ = choice.slot != config::ClusterRef::kNoSlot ? clusters.find(choice.slot)
             : choice.name.empty()                      ? nullptr
                                                        : clusters.find(choice.name);
  if (cluster_ != nullptr) return true;
  owner_.service().stats().no_cluster.inc();
  std::string_view cause =
      choice.name.empty()
          ? std::string_view("the request has no header that names its cluster")
          : owner_.arena().concat("the route's cluster ", choice.name, " does not exist");
  owner_.local_reply(reply_of(action.cluster_not_found_code, "", ResponseFlag::no_cluster_found,
                              "cluster_not_found", cause));
  return false;
}

void Router::prepare_headers(const config::ForwardAction& action, http::HeaderMap& headers) {
  bool envoy_headers = !owner_.service().router_options().suppress_envoy_headers;
  hedges_ = route::take_hedging(action.hedge_on_per_try_timeout, headers);
  timeouts_ = route::take_timeouts(action, headers, timeout_options());
  const route::RouteMatchResult& matched = owner_.matched_route();
  if (matched.host->include_request_attempt_count)
    headers.set(HeaderId::x_envoy_attempt_count, "1");
  route::MutationLevels levels{&owner_.route_table(), matched.host, route_, choice_weighted_};
  route::mutate_request(levels, headers, owner_.values());
  route::rewrite_request(*route_, headers, {envoy_headers, &owner_.values()});
  // After the mutations: a route may ask for retries by the headers that it adds.
  retry_rules_ = route::take_retry_rules(retry_policy(), headers);
  if (action.auto_host_rewrite && host_ != nullptr && !host_->endpoint->hostname.empty()) {
    // A copy: another attempt may let go of the host.
    route::rewrite_host(headers, owner_.arena().copy(host_->endpoint->hostname),
                        action.append_x_forwarded_host, {envoy_headers});
  }
}

void Router::start_mirrors(const config::ForwardAction& action, http::HeaderMap& headers,
                           bool end_stream) {
  const config::ClusterHttpPolicies* of_cluster = cluster_->config().http_policies.get();
  const auto& policies = of_cluster != nullptr && !of_cluster->mirrors.empty() ? of_cluster->mirrors
                         : action.mirrors.empty() ? owner_.route_table().mirrors
                                                  : action.mirrors;
  for (const config::MirrorPolicy& policy : policies) {
    if (!owner_.fraction(policy.fraction)) continue;
    route::ClusterChoice choice = route::choose_cluster(policy, headers);
    upstream::ClusterTable& clusters = owner_.services().clusters;
    upstream::WorkerCluster* cluster = choice.slot != config::ClusterRef::kNoSlot
                                           ? clusters.find(choice.slot)
                                           : clusters.find(choice.name);
    if (cluster == nullptr) continue;
    mirrors_.push_back(Mirror::start(*cluster, policy, headers, owner_.values(),
                                     owner_.services().local_ip, end_stream,
                                     owner_.services().random.next(), timeouts_.global));
  }
}

void Router::compute_hash() {
  StreamInfo& info = owner_.info();
  const DownstreamConnectionInfo& connection = *info.connection;
  const FilterState* state = info.extras == nullptr ? nullptr : &info.extras->filter_state;
  const config::ClusterHttpPolicies* of_cluster = cluster_->config().http_policies.get();
  bool by_cluster = of_cluster != nullptr && !of_cluster->hash_policies.empty();
  hash_ = route::hash_request(
      by_cluster ? of_cluster->hash_policies : action_->hash_policies,
      {*headers_, info.downstream_remote, connection.remote, connection.local, state},
      owner_.arena());
}

upstream::LbContext Router::lb_context(uint64_t random) {
  StreamInfo& info = owner_.info();
  upstream::LbContext context;
  context.random = random;
  context.hash = hash_.value;
  context.attempt = info.attempt_count;
  context.connection = info.connection;
  context.headers = headers_;
  context.stream = info.extras.get();
  if (cluster_->has_subsets()) context.criteria = criteria();
  // A session's host is for the first attempt: another one is made because that one failed.
  if (info.extras != nullptr && info.attempt_count == 0) {
    context.override_host = info.extras->override_host;
    context.override_host_strict = info.extras->override_host_strict;
  }
  return context;
}

// What filters found out comes before what the route says.
upstream::Criteria Router::criteria() {
  auto of = [](const auto* extras) {
    return extras == nullptr ? nullptr : upstream::lb_metadata(extras->metadata);
  };
  StreamInfo& info = owner_.info();
  const config::MetadataMatchCriteria* of_route = choice_weighted_ == nullptr
                                                      ? action_->metadata_match.get()
                                                      : choice_weighted_->metadata_match.get();
  return upstream::merge_criteria(of_route, of(info.connection->extras.get()),
                                  of(info.extras.get()), owner_.arena());
}

upstream::ConnPool& Router::choose_pool() {
  StreamInfo& info = owner_.info();
  upstream::ConnectionNeeds needs = upstream::find_needs(
      cluster_->config(), *host_, {info.connection, info.extras.get(), headers_});
  if (action_->ends_connect(headers_->get(HeaderId::method)))
    return cluster_->tunnel_pool(*host_, action_->high_priority, needs);
  http::Protocol protocol = info.protocol.value_or(http::Protocol::http11);
  return cluster_->pool(*host_, action_->high_priority, protocol, needs);
}

// One try on a host; `fresh`: on a connection that has carried no request yet.
void Router::attempt(bool fresh, const UpstreamRequest* unsent) {
  if (host_ == nullptr) {
    cluster_->stats().upstream_cx_none_healthy.inc();
    refuse_without_host(owner_.arena().concat("no endpoint of cluster ",
                                              cluster_->config().ref.name, " can take a request (",
                                              std::to_string(cluster_->host_count()), " known)"));
    return;
  }
  if (cluster_->config().discovery == config::Cluster::Discovery::aggregate)
    of_host_ = host_->owner;
  upstream::ConnPool& pool = choose_pool();
  if (!pool.admit()) {
    refuse_without_host(owner_.arena().concat("cluster ", cluster_->config().ref.name,
                                              " has as many connection pools as it may"));
    return;
  }
  StreamInfo& info = owner_.info();
  state_ = State::trying;
  ++info.attempt_count;
  note_attempt();
  was_late_ = false;
  if (info.attempt_count > 1) set_retry_headers();
  upstream_start_ = owner_.services().loop.now();
  bool headers_only = end_seen_ && !body_seen_ && trailers_ == nullptr;
  ArenaPtr<UpstreamRequest> before = std::exchange(upstream_, make_attempt(pool, headers_only));
  UpstreamRequest* request = upstream_.get();
  measure_attempt();
  if (body_seen_) {
    std::string_view body = unsent == nullptr ? std::string_view(kept_body_) : unsent->unsent();
    if (measure_ != nullptr) measure_->add_sent(body.size());
    if (log_ != nullptr) log_->add_sent(body.size());
    request->send_body(body, end_seen_ && trailers_ == nullptr);
  }
  if (trailers_ != nullptr) request->send_trailers(*trailers_);
  if (end_seen_) start_try_timers();
  auto limit = timeouts_.stream ? timeouts_.stream : cluster_->config().http->max_stream_duration;
  if (limit && limit->count() > 0) duration_timer_.start(*limit);
  request->start(fresh);
}

void Router::on_request_body(Bytes body, bool end_stream) {
  end_seen_ = end_stream;
  if (state_ == State::done) return;
  body_seen_ = true;
  keep_body(body);
  if (log_ != nullptr) log_->add_sent(body.size());
  if (measure_ != nullptr) measure_->add_sent(body.size());
  for (Mirror* mirror : mirrors_) mirror->send_body(body, end_stream);
  if (upstream_ != nullptr && state_ != State::backing_off) upstream_->send_body(body, end_stream);
  if (end_stream && state_ != State::done && state_ != State::naming) start_global_timeout();
}

void Router::on_request_trailers(http::HeaderMap& trailers) {
  end_seen_ = true;
  trailers_ = &trailers;
  if (state_ == State::done) return;
  for (Mirror* mirror : mirrors_) mirror->send_trailers(trailers);
  if (upstream_ != nullptr && state_ != State::backing_off) upstream_->send_trailers(trailers);
  if (state_ != State::done && state_ != State::naming) start_global_timeout();
}

// The request's body is kept while another attempt may need it and as long as it fits; while the
// request waits for its host, all that comes until the pause takes effect.
void Router::keep_body(Bytes body) {
  if (body.empty() || body_lost_) return;
  if (state_ == State::naming) {
    if (kept_body_.empty()) owner_.pause_request(true);
    kept_body_.append(body);
    return;
  }
  if (!keep_body_ || kept_body_.size() + body.size() > buffer_limit_) {
    if (keep_body_) cluster_->stats().retry_or_shadow_abandoned.inc();
    body_lost_ = true;
    kept_body_ = {};
    return;
  }
  kept_body_.append(body);
}

void Router::abandon() {
  stop_naming();
  state_ = State::done;
  cancel_timers();
  if (upstream_ != nullptr) upstream_->give_up(http::ResetReason::local_reset);
  drop_contenders();
  if (log_ != nullptr) log_->end();
  give_retry_back();
  for (Mirror* mirror : mirrors_) mirror->original_ended();
  mirrors_.clear();
}

}  // namespace outrigger::stream
