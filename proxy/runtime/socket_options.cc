#include "proxy/runtime/socket_options.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace outrigger::runtime {
namespace {

absl::Status failure(const char* what, const net::Address& address, int error) {
  return absl::UnavailableError(
      fmt::format("cannot {} {}: {}", what, address.text(), strerror(error)));
}

bool set(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

bool prepare_listening(int fd, const ListenOptions& options) {
  const net::Address& address = options.address;
  if (!address.is_ip()) return true;
  if (!set(fd, SOL_SOCKET, SO_REUSEADDR, 1)) return false;
  if (options.reuse_port && !set(fd, SOL_SOCKET, SO_REUSEPORT, 1)) return false;
  if (address.family() == AF_INET6 &&
      !set(fd, IPPROTO_IPV6, IPV6_V6ONLY, options.ipv6_only ? 1 : 0))
    return false;
  bool v4 = address.family() == AF_INET;
  if (options.transparent &&
      !set(fd, v4 ? SOL_IP : SOL_IPV6, v4 ? IP_TRANSPARENT : IPV6_TRANSPARENT, 1))
    return false;
  if (options.freebind && !set(fd, v4 ? SOL_IP : SOL_IPV6, v4 ? IP_FREEBIND : IPV6_FREEBIND, 1))
    return false;
  return set(fd, IPPROTO_TCP, TCP_NODELAY, 1);  // accepted sockets inherit it
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

absl::StatusOr<int> open_listening_socket(const ListenOptions& options) {
  const net::Address& address = options.address;
  int fd = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return failure("open a socket for", address, errno);
  if (!prepare_listening(fd, options) || ::bind(fd, address.data(), address.length()) != 0 ||
      ::listen(fd, static_cast<int>(options.backlog)) != 0) {
    int error = errno;
    ::close(fd);
    return failure("listen on", address, error);
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
  // A Unix socket whose backlog is full says EAGAIN: a failure like a refusal.
  if (::connect(fd, address.data(), address.length()) != 0 && errno != EINPROGRESS) {
    int error = errno;
    ::close(fd);
    return failure("connect to", address, error);
  }
  return fd;
}

}  // namespace outrigger::runtime
