#include "proxy/health/check_connector.h"

#include <string>

#include "proxy/upstream/connect_options.h"
#include "proxy/upstream/host.h"

namespace outrigger::health {
namespace {

constexpr const char* kMatchMetadata = "envoy.transport_socket_match";

std::shared_ptr<const config::Endpoint> make_chooser(const config::HealthCheck& check) {
  if (!check.transport_socket_criteria) return nullptr;
  auto out = std::make_shared<config::Endpoint>();
  out->metadata.of(kMatchMetadata) = *check.transport_socket_criteria;
  return out;
}

}  // namespace

net::Address check_address(const config::Endpoint& endpoint, const config::HealthCheck& check) {
  const config::EndpointHealthCheck* own = endpoint.health_check.get();
  net::Address out = own != nullptr && own->address.valid() ? own->address : endpoint.address;
  if (!out.is_ip()) return out;
  if (own != nullptr && own->port) return out.with_port(*own->port);
  return check.alt_port ? out.with_port(*check.alt_port) : out;
}

CheckConnector::CheckConnector(runtime::Loop& loop, config::ClusterPtr cluster,
                               std::shared_ptr<const config::HealthCheck> check)
    : loop_(loop),
      cluster_(std::move(cluster)),
      check_(std::move(check)),
      chooser_(make_chooser(*check_)) {}

CheckConnector::~CheckConnector() = default;

const config::TransportSocket& CheckConnector::socket_of(const config::Endpoint& endpoint) const {
  return **upstream::choose_transport_socket(*cluster_, chooser_ == nullptr ? endpoint : *chooser_)
               .socket;
}

bool CheckConnector::secure(const config::Endpoint& endpoint) const {
  return socket_of(endpoint).tls != nullptr;
}

tls::ClientContext* CheckConnector::tls_context(const config::TransportSocket& socket) {
  if (socket.tls == nullptr) return nullptr;
  for (auto& [of, context] : contexts_) {
    if (of == &socket) return context.get();
  }
  contexts_.emplace_back(
      &socket, std::make_unique<tls::ClientContext>(socket.tls, loop_, StatsScope::kMainThread));
  return contexts_.back().second.get();
}

absl::StatusOr<std::unique_ptr<runtime::Transport>> CheckConnector::connect(
    const config::Endpoint& endpoint, std::vector<std::string> alpn,
    runtime::TransportHandler& handler) {
  auto transport = loop_.connect(
      upstream::connect_options(*cluster_, check_address(endpoint, *check_)), handler);
  if (!transport.ok()) return transport;
  tls::ClientContext* context = tls_context(socket_of(endpoint));
  if (context == nullptr) return transport;
  tls::ClientTarget target;
  target.host_name = endpoint.hostname;
  target.alpn = check_->alpn;
  target.fallback_alpn = std::move(alpn);
  auto secure = context->wrap(*std::move(transport), target);
  if (secure == nullptr) return absl::UnavailableError("Secret is not supplied by SDS");
  secure->set_handler(handler);
  return secure;
}

}  // namespace outrigger::health
