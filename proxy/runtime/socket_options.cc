#include "proxy/runtime/socket_options.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace outrigger::runtime {
namespace {

constexpr int kMultipathTcp = 262;  // IPPROTO_MPTCP

absl::Status failure(const char* what, const net::Address& address, int error) {
  return absl::UnavailableError(
      fmt::format("cannot {} {}: {}", what, address.text(), strerror(error)));
}

bool set(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

// Options of one moment, in the order of the configuration.
bool set_all(int fd, const std::vector<net::SocketOption>& options, net::SocketOption::State when) {
  for (const net::SocketOption& option : options) {
    if (option.state == when && setsockopt(fd, option.level, option.name, option.value.data(),
                                           static_cast<socklen_t>(option.value.size())) != 0)
      return false;
  }
  return true;
}

bool set_transparent(int fd, bool v4) {
  return set(fd, v4 ? SOL_IP : SOL_IPV6, v4 ? IP_TRANSPARENT : IPV6_TRANSPARENT, 1);
}

bool set_freebind(int fd, bool v4) {
  return set(fd, v4 ? SOL_IP : SOL_IPV6, v4 ? IP_FREEBIND : IPV6_FREEBIND, 1);
}

bool prepare_ip_listening(int fd, const ListenOptions& options) {
  bool v4 = options.address.family() == AF_INET;
  if (!set(fd, SOL_SOCKET, SO_REUSEADDR, 1)) return false;
  if (options.reuse_port && !set(fd, SOL_SOCKET, SO_REUSEPORT, 1)) return false;
  if (!v4 && !set(fd, IPPROTO_IPV6, IPV6_V6ONLY, options.ipv6_only ? 1 : 0)) return false;
  if (options.transparent && !set_transparent(fd, v4)) return false;
  if (options.freebind && !set_freebind(fd, v4)) return false;
  if (options.tcp_fast_open &&
      !set(fd, IPPROTO_TCP, TCP_FASTOPEN, static_cast<int>(*options.tcp_fast_open)))
    return false;
  return set(fd, IPPROTO_TCP, TCP_NODELAY, 1);  // accepted sockets inherit it
}

absl::Status prepare_and_bind(int fd, const ListenOptions& options) {
  using State = net::SocketOption::State;
  const net::Address& address = options.address;
  if ((address.is_ip() && !prepare_ip_listening(fd, options)) ||
      !set_all(fd, options.socket_options, State::prebind))
    return failure("listen on", address, errno);
  if (::bind(fd, address.data(), address.length()) != 0) {
    return absl::UnavailableError(
        fmt::format("cannot bind '{}': {}", address.text(), strerror(errno)));
  }
  if ((options.unix_mode && ::chmod(address.ip_text().c_str(), *options.unix_mode) != 0) ||
      !set_all(fd, options.socket_options, State::bound))
    return failure("listen on", address, errno);
  return absl::OkStatus();
}

// Where the connection comes from, if that is not left to the system.
bool prepare_source(int fd, const ConnectOptions& options) {
  bool v4 = options.address.family() == AF_INET;
  if (options.mark != 0 && !set(fd, SOL_SOCKET, SO_MARK, static_cast<int>(options.mark)))
    return false;
  if (options.transparent && !set_transparent(fd, v4)) return false;
  if (options.freebind && !set_freebind(fd, v4)) return false;
  if (!set_all(fd, options.socket_options, net::SocketOption::State::prebind)) return false;
  if (options.source.valid()) {
    // The port is chosen by connect(), when the destination is known: far more are free then.
    if (options.source.is_ip() && options.source.port() == 0)
      set(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    if (::bind(fd, options.source.data(), options.source.length()) != 0) return false;
  }
  return set_all(fd, options.socket_options, net::SocketOption::State::bound);
}

// Source address, mark and options, before the connection is begun. errno says what failed.
bool prepare_connecting(int fd, const ConnectOptions& options) {
  using State = net::SocketOption::State;
  if (!set_all(fd, options.socket_options, State::prebind)) return false;
  if (options.mark != 0 && !set(fd, SOL_SOCKET, SO_MARK, static_cast<int>(options.mark)))
    return false;
  if (options.source.valid()) {
    bool v4 = options.source.family() == AF_INET;
    if (options.transparent && !set_transparent(fd, v4)) return false;
    if (options.freebind && !set_freebind(fd, v4)) return false;
    // The port is chosen with the connection: as many as there are ports to each destination.
    if (options.source.port() == 0) set(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    if (::bind(fd, options.source.data(), options.source.length()) != 0) return false;
  }
  return set_all(fd, options.socket_options, State::bound);
}

void set_keepalive(int fd, const ConnectOptions& options) {
  set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  if (options.keepalive_probes)
    set(fd, IPPROTO_TCP, TCP_KEEPCNT, static_cast<int>(*options.keepalive_probes));
  if (options.keepalive_time_s)
    set(fd, IPPROTO_TCP, TCP_KEEPIDLE, static_cast<int>(*options.keepalive_time_s));
  if (options.keepalive_interval_s)
    set(fd, IPPROTO_TCP, TCP_KEEPINTVL, static_cast<int>(*options.keepalive_interval_s));
}

}  // namespace

absl::StatusOr<int> bind_listening_socket(const ListenOptions& options) {
  const net::Address& address = options.address;
  int fd = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                    options.mptcp && address.is_ip() ? kMultipathTcp : 0);
  if (fd < 0) return failure("open a socket for", address, errno);
  if (absl::Status status = prepare_and_bind(fd, options); !status.ok()) {
    ::close(fd);
    return status;
  }
  return fd;
}

absl::Status start_listening(int fd, const ListenOptions& options) {
  using State = net::SocketOption::State;
  if (::listen(fd, static_cast<int>(options.backlog)) == 0 &&
      set_all(fd, options.socket_options, State::listening))
    return absl::OkStatus();
  return failure("listen on", options.address, errno);
}

absl::StatusOr<int> open_listening_socket(const ListenOptions& options) {
  if (options.shared) {
    int copy = ::fcntl(*options.shared, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return failure("share the socket of", options.address, errno);
    return copy;
  }
  absl::StatusOr<int> fd = bind_listening_socket(options);
  if (!fd.ok()) return fd;
  if (absl::Status status = start_listening(*fd, options); !status.ok()) {
    ::close(*fd);
    return status;
  }
  return fd;
}

absl::StatusOr<int> open_connecting_socket(const ConnectOptions& options) {
  const net::Address& address = options.address;
  int fd = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return failure("open a socket for", address, errno);
  if (address.is_ip()) {
    set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (options.keepalive) set_keepalive(fd, options);
  }
  if (!prepare_connecting(fd, options)) {
    int error = errno;
    ::close(fd);
    return absl::Status(kBindFailed,
                        fmt::format("cannot bind a connection to {} to {}: {}", address.text(),
                                    options.source.valid() ? options.source.text() : "the options",
                                    strerror(error)));
  }
  if (!prepare_source(fd, options)) {
    int error = errno;
    ::close(fd);
    return failure("bind a socket for", address, error);
  }
  // A Unix socket whose backlog is full says EAGAIN: a failure like a refusal.
  if (::connect(fd, address.data(), address.length()) != 0 && errno != EINPROGRESS) {
    int error = errno;
    ::close(fd);
    return failure("connect to", address, error);
  }
  return fd;
}

}  // namespace outrigger::runtime
