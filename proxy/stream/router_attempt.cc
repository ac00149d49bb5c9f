// What the router checks and notes around its attempts.
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
    const config::TransportSocketPtr& socket = cluster_->config().transport_socket;
    headers_->set(HeaderId::scheme, socket->tls == nullptr ? "http" : "https");
  }
  if (log_ == nullptr) {
    if (owner_.service().router_options().upstream_logs.empty()) return;
    log_ = make_in_arena<AttemptLog>(owner_.arena(), owner_.service(), info, *headers_);
  }
  log_->begin();
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
