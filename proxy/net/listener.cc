#include "proxy/net/listener.h"

#include <unistd.h>

#include <atomic>

namespace outrigger::net {
namespace {

uint64_t next_connection_id() {
  static std::atomic<uint64_t> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

Listener::Listener(config::ListenerPtr config, runtime::Loop& loop, unsigned worker,
                   ChainHandler& chain)
    : config_(std::move(config)),
      loop_(loop),
      stats_(config_->stats->local<ListenerStats>(worker)),
      chain_(chain) {}

absl::Status Listener::start(const std::vector<Address>& bound) {
  if (!config_->bind_to_port) return absl::OkStatus();
  if (!bound.empty()) {
    for (const Address& address : bound) {
      if (absl::Status status = open(address); !status.ok()) return status;
    }
    return absl::OkStatus();
  }
  for (const config::Listener::ListenAddress& address : config_->addresses) {
    if (absl::Status status = open(address.address); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Listener::open(const Address& address) {
  runtime::ListenOptions options;
  options.address = address;
  options.backlog = config_->backlog;
  options.reuse_port = config_->reuse_port;
  options.ipv6_only = !config_->addresses.front().ipv4_compat;
  options.transparent = config_->transparent;
  options.freebind = config_->freebind;
  if (config_->max_connections_per_event != 0)
    options.max_accepts_per_event = config_->max_connections_per_event;
  if (address.is_unix() && address.ip_text().front() != '@') ::unlink(address.ip_text().c_str());
  auto acceptor = loop_.listen(options, *this);
  if (!acceptor.ok()) return acceptor.status();
  acceptors_.push_back(std::move(*acceptor));
  return absl::OkStatus();
}

std::vector<Address> Listener::bound_addresses() const {
  std::vector<Address> addresses;
  for (const auto& acceptor : acceptors_) addresses.push_back(acceptor->local_address());
  return addresses;
}

void Listener::on_accept(std::unique_ptr<runtime::Transport> transport) {
  stats_.downstream_cx_total.inc();
  DownstreamConnectionInfo info;
  info.id = next_connection_id();
  info.start = loop_.now();
  info.start_time = loop_.system_now();
  info.direct_remote = info.remote = transport->remote_address();
  info.direct_local = info.local = transport->local_address();
  info.listener_name = config_->name;
  info.listener = config_.get();
  chain_.on_connection(std::move(transport), std::move(info));
}

}  // namespace outrigger::net
