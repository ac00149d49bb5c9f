#include "proxy/net/listen_sockets.h"

#include <unistd.h>

#include <utility>

#include "fmt/format.h"

#include "proxy/runtime/socket_options.h"

namespace outrigger::net {
namespace {

runtime::ListenOptions options_of(const config::Listener& listener,
                                  const config::Listener::ListenAddress& listen,
                                  const Address& address) {
  runtime::ListenOptions options;
  options.address = address;
  options.backlog = listener.backlog;
  options.reuse_port = listener.reuse_port;
  options.ipv6_only = !listen.ipv4_compat;
  options.mptcp = listener.mptcp;
  options.unix_mode = listen.unix_mode;
  options.transparent = listener.transparent;
  options.freebind = listener.freebind;
  options.tcp_fast_open = listener.tcp_fast_open;
  options.socket_options = listen.socket_options;
  return options;
}

// All that a socket is opened by, but the backlog, which can be changed later.
std::string wanted_by(const config::Listener& listener) {
  std::string text =
      fmt::format("{} {} {} {} {}", listener.reuse_port, listener.transparent, listener.freebind,
                  listener.mptcp, listener.tcp_fast_open ? int64_t{*listener.tcp_fast_open} : -1);
  for (const config::Listener::ListenAddress& listen : listener.addresses) {
    text += fmt::format("\n{} {} {}", listen.address.text(), listen.ipv4_compat,
                        listen.unix_mode ? int64_t{*listen.unix_mode} : -1);
    for (const SocketOption& option : listen.socket_options) {
      text += fmt::format(" {} {} {} {}:", option.level, option.name,
                          static_cast<int>(option.state), option.value.size());
      text += option.value;
    }
  }
  return text;
}

Address bound_address(int fd) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) return {};
  return Address::from_sockaddr(reinterpret_cast<const sockaddr*>(&address), length);
}

// A socket's file that an ended process left behind would be in the way.
void make_way(const Address& address) {
  if (!address.is_unix()) return;
  std::string path = address.ip_text();
  if (!path.empty() && path.front() != '@') ::unlink(path.c_str());
}

absl::StatusOr<int> open_one(const runtime::ListenOptions& options, unsigned worker,
                             SocketSource* inherited) {
  if (inherited != nullptr) {
    if (std::optional<int> fd = inherited->take(options.address, worker)) return *fd;
  }
  make_way(options.address);
  return runtime::bind_listening_socket(options);
}

}  // namespace

absl::StatusOr<std::shared_ptr<ListenSockets>> ListenSockets::bind(const config::Listener& listener,
                                                                   unsigned workers,
                                                                   SocketSource* inherited) {
  std::shared_ptr<ListenSockets> out(new ListenSockets(wanted_by(listener)));
  for (const config::Listener::ListenAddress& listen : listener.addresses) {
    std::vector<int>& descriptors = out->descriptors_.emplace_back();
    Address address = listen.address;
    unsigned count = listener.reuse_port && address.is_ip() ? workers : 1;
    for (unsigned i = 0; i < count; ++i) {
      auto fd = open_one(options_of(listener, listen, address), i, inherited);
      if (!fd.ok()) return fd.status();
      descriptors.push_back(*fd);
      // The others are to have the port that the system chose for the first.
      if (i == 0) address = bound_address(*fd);
    }
    out->addresses_.push_back(address);
  }
  return out;
}

ListenSockets::~ListenSockets() {
  for (const std::vector<int>& descriptors : descriptors_) {
    for (int fd : descriptors) ::close(fd);
  }
}

absl::Status ListenSockets::listen(const config::Listener& listener) {
  for (size_t i = 0; i < descriptors_.size(); ++i) {
    runtime::ListenOptions options = options_of(listener, listener.addresses[i], addresses_[i]);
    for (int fd : descriptors_[i]) {
      if (absl::Status status = runtime::start_listening(fd, options); !status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

int ListenSockets::descriptor(size_t address, unsigned worker) const {
  const std::vector<int>& all = descriptors_[address];
  return all[worker % all.size()];
}

bool ListenSockets::fit(const config::Listener& listener) const {
  return wanted_by(listener) == wanted_;
}

}  // namespace outrigger::net
