#include "proxy/upstream/upstream_transport.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "proxy/runtime/socket_options.h"
#include "proxy/upstream/address_order.h"
#include "proxy/upstream/cluster_table.h"
#include "proxy/upstream/connect_options.h"
#include "proxy/upstream/peer_exchange_transport.h"
#include "proxy/upstream/racing_transport.h"

namespace outrigger::upstream {
namespace {

using TransportPtr = std::unique_ptr<runtime::Transport>;

runtime::ConnectOptions options_for(ConnPool& pool, const net::Address& address) {
  const ConnectionNeeds& needs = pool.needs();
  runtime::ConnectOptions options = connect_options(pool.cluster().config(), address);
  if (needs.source.valid() && needs.source.family() == address.family()) {
    options.source = needs.source.with_port(0);
    options.transparent = true;
  }
  options.mark = needs.mark;
  return options;
}

absl::StatusOr<TransportPtr> connect(ConnPool& pool, const net::Address& address,
                                     runtime::TransportHandler& handler) {
  auto transport = pool.cluster().loop().connect(options_for(pool, address), handler);
  if (transport.status().code() == runtime::kBindFailed) pool.cluster().stats().bind_errors.inc();
  return transport;
}

absl::StatusOr<TransportPtr> open_stream(ConnPool& pool, runtime::TransportHandler& handler) {
  const config::Endpoint& endpoint = *pool.host().endpoint;
  if (endpoint.additional_addresses.empty()) return connect(pool, endpoint.address, handler);
  auto race = std::make_unique<RacingTransport>(
      pool.cluster().loop(), address_order(endpoint, pool.cluster().config().happy_eyeballs),
      [&pool](const net::Address& address, runtime::TransportHandler& of_attempt) {
        return connect(pool, address, of_attempt);
      },
      handler);
  if (absl::Status status = race->start(); !status.ok()) return status;
  return race;
}

std::vector<std::string> fallback_alpn(PoolKind kind) {
  switch (kind) {
    case PoolKind::http1:
      return {"http/1.1"};
    case PoolKind::http2:
      return {"h2"};
    case PoolKind::alpn:
      return {"h2", "http/1.1"};
    case PoolKind::tunnel:
      break;
  }
  return {};
}

// A handshake that does not offer the protocol cannot agree on it.
bool may_exchange(const config::PeerExchange& exchange, const ConnectionNeeds& needs) {
  return needs.alpn.empty() || std::ranges::count(needs.alpn, exchange.protocol) > 0;
}

}  // namespace

absl::StatusOr<TransportPtr> open_transport(ConnPool& pool, runtime::TransportHandler& handler) {
  auto transport = open_stream(pool, handler);
  if (!transport.ok()) return transport;
  const ConnectionNeeds& needs = pool.needs();
  if (!needs.proxy_header.empty()) (*transport)->write(needs.proxy_header);
  const config::TransportSocketPtr& socket = pool.host().transport_socket;
  tls::ClientContext* context = socket == nullptr ? nullptr : pool.cluster().tls_context(*socket);
  if (context == nullptr) return transport;
  tls::ClientTarget target;
  target.host_name = pool.host().endpoint->hostname;
  target.sni = needs.sni;
  target.alpn = needs.alpn;
  target.fallback_alpn = fallback_alpn(pool.kind());
  target.verify_names = needs.verify_names;
  TransportPtr secure = context->wrap(*std::move(transport), target);
  if (secure == nullptr)
    return absl::Status(kSecretsMissing, "TLS error: Secret is not supplied by SDS");
  const auto& exchange = pool.cluster().config().peer_exchange;
  if (exchange != nullptr && may_exchange(*exchange, needs)) {
    return TransportPtr(std::make_unique<PeerExchangeTransport>(
        std::move(secure), exchange, pool.cluster().loop(),
        exchange->stats->local<PeerExchangeStats>(pool.cluster().worker()), handler));
  }
  secure->set_handler(handler);
  return secure;
}

}  // namespace outrigger::upstream
