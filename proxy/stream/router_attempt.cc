// What the router checks and notes around its attempts.
#include <utility>

#include "proxy/stream/http_service.h"
#include "proxy/stream/router.h"
#include "proxy/stream/worker_services.h"
#include "proxy/upstream/client_connection.h"

namespace outrigger::stream {
namespace {

using http::HeaderId;

bool is_valid(std::string_view name, std::string_view value) {
  std::vector<std::string> unknown;
  if (name == "x-envoy-retry-on") {
    config::retry_on::parse(value, &unknown);
    return unknown.empty();
  }
  if (name == "x-envoy-retry-grpc-on") {
    config::retry_on::parse_grpc(value, &unknown);
    return unknown.empty();
  }
  uint64_t number = 0;
  return http::parse_decimal(value, number);
}

}  // namespace

// strict_check_headers. True: the request was answered.
bool Router::refuse_invalid(const http::HeaderMap& headers) {
  for (const std::string& name : owner_.service().router_options().strict_headers) {
    const http::HeaderField* field = headers.find(name);
    if (field == nullptr || is_valid(name, field->value)) continue;
    Arena& arena = owner_.arena();
    std::string_view body =
        arena.concat("invalid header '", name, "' with value '", field->value, "'");
    owner_.local_reply({400,
                        body,
                        {ResponseFlag::invalid_envoy_request_headers,
                         arena.concat("request_headers_failed_strict_check{", name, "}"), body},
                        -1});
    return true;
  }
  return false;
}

// The control plane asks for fewer requests: this one may be among those that are turned away.
bool Router::drop_overload() {
  const config::DropOverload* drop = cluster_->drop_overload();
  constexpr uint32_t kAll = 1'000'000;
  if (drop == nullptr || owner_.services().random.next() % kAll >= drop->per_million) return false;
  cluster_->note_drop();
  count_code(503);
  Arena& arena = owner_.arena();
  bool all = drop->per_million >= kAll;
  std::string_view cause =
      arena.concat("the control plane has requests to cluster ", cluster_->config().ref.name,
                   " dropped: ", arena.copy(drop->category));
  LocalReply reply{503,
                   all ? "unconditional drop overload" : "drop overload",
                   {all ? ResponseFlag::unconditional_drop_overload : ResponseFlag::drop_overload,
                    all ? "unconditional_drop_overload" : "drop_overload", cause},
                   -1};
  auto* fields = arena.make<http::HeaderMap>(arena);
  if (!owner_.service().router_options().suppress_envoy_headers)
    fields->add(all ? "x-envoy-unconditional-drop-overload" : "x-envoy-drop-overload", "true");
  reply.headers = fields;
  owner_.local_reply(reply);
  return true;
}

// There is no host, or no way to it.
void Router::refuse_without_host(std::string_view cause, std::string_view details) {
  state_ = State::done;
  on_upstream_blocked(false);  // by an attempt on a host that refused
  count_code(503);
  owner_.local_reply(
      {503, "no healthy upstream", {ResponseFlag::no_healthy_upstream, details, cause}, -1});
}

// What filters of attempts change of the request stays for the next one, as in Envoy.
ArenaPtr<UpstreamRequest> Router::make_attempt(upstream::ConnPool& pool, bool headers_only) {
  Arena& arena = owner_.arena();
  const auto& of_cluster = host_->owner->config().http->filters;
  const auto& config =
      of_cluster != nullptr ? of_cluster : owner_.service().router_options().upstream_filters;
  ArenaPtr<AttemptFilters> filters;
  if (config != nullptr) {
    filters = owner_.attempt_filters(*config);
    filters->request_headers(*headers_, headers_only);
  }
  return make_in_arena<UpstreamRequest>(arena, *this, pool, *headers_, headers_only,
                                        owner_.is_upgrade(), std::move(filters));
}

// An attempt on host_ begins.
void Router::note_attempt() {
  StreamInfo& info = owner_.info();
  const config::Endpoint& endpoint = *host_->endpoint;
  auto* attempt = owner_.arena().make<UpstreamAttempt>();
  attempt->address = endpoint.address;
  attempt->hostname = owner_.arena().copy(endpoint.hostname);
  (info.last_attempt == nullptr ? info.first_attempt : info.last_attempt->next) = attempt;
  info.last_attempt = attempt;
  if (owner_.service().config().scheme_match_upstream) {
    const config::TransportSocketPtr& socket = host_->owner->config().transport_socket;
    headers_->set(HeaderId::scheme, socket->tls == nullptr ? "http" : "https");
  }
  if (log_ == nullptr) {
    if (owner_.service().router_options().upstream_logs.empty()) return;
    log_ = make_in_arena<AttemptLog>(owner_.arena(), owner_.service(), info, *headers_);
  }
  log_->begin();
}

// ... and how large it is, and how long it takes.
void Router::measure_attempt() {
  if (measure_ == nullptr) {
    if (!AttemptMeasure::wanted(cluster_->config())) return;
    measure_ =
        make_in_arena<AttemptMeasure>(owner_.arena(), cluster_->config(), cluster_->worker());
  }
  measure_->begin(*headers_, upstream_start_, timeouts_.per_try);
}

// It was answered, or ran out of time.
void Router::measure_request() {
  if (measure_ == nullptr || !owner_.info().request_end) return;
  auto took = owner_.services().loop.now() - *owner_.info().request_end;
  measure_->end_request(std::chrono::duration_cast<std::chrono::milliseconds>(took),
                        timeouts_.global);
}

// The attempt got a stream of the connection.
void Router::note_connection(upstream::ClientConnection& connection) {
  StreamInfo& info = owner_.info();
  info.last_attempt->connection_id = connection.id();
  info.upstream_pool_ready = owner_.services().loop.now() - upstream_start_;
  info.upstream_connect_start = connection.connect_start();
  info.upstream_connect_end = connection.connect_end();
  if (info.upstream_tls != nullptr) info.upstream_handshake_end = connection.ready_since();
  if (log_ != nullptr) log_->on_stream();
}

}  // namespace outrigger::stream
