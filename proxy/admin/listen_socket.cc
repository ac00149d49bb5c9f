#include "proxy/admin/listen_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "fmt/format.h"

namespace outrigger::admin {
namespace {

// Scrapers and people, not traffic.
constexpr int kBacklog = 128;

absl::Status failed(std::string_view what, const net::Address& address) {
  return absl::UnavailableError(
      fmt::format("admin: {} {}: {}", what, address.text(), std::strerror(errno)));
}

bool has_file(const net::Address& address) {
  return address.is_unix() && !address.ip_text().empty() && address.ip_text().front() != '@';
}

// Only a socket that refuses connections is left over from a process that is gone. Anything else
// stays, and bind() will say so.
void remove_stale_file(const net::Address& address) {
  struct stat file {};
  std::string path = address.ip_text();
  if (::lstat(path.c_str(), &file) != 0 || !S_ISSOCK(file.st_mode)) return;
  int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return;
  bool refused = ::connect(fd, address.data(), address.length()) != 0 && errno == ECONNREFUSED;
  ::close(fd);
  if (refused) ::unlink(path.c_str());
}

using Options = std::vector<net::SocketOption>;

absl::Status set_options(int fd, const net::Address& address, const Options& options,
                         net::SocketOption::State state) {
  for (const net::SocketOption& option : options) {
    if (option.state != state) continue;
    auto length = static_cast<socklen_t>(option.value.size());
    if (::setsockopt(fd, option.level, option.name, option.value.data(), length) != 0) {
      return failed(fmt::format("cannot set option {}/{} of", option.level, option.name), address);
    }
  }
  return absl::OkStatus();
}

absl::Status bind_and_listen(int fd, const net::Address& address, mode_t unix_mode,
                             const Options& options) {
  using State = net::SocketOption::State;
  if (auto status = set_options(fd, address, options, State::prebind); !status.ok()) return status;
  int on = 1;
  if (address.is_ip()) ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(fd, address.data(), address.length()) != 0) return failed("cannot bind to", address);
  if (auto status = set_options(fd, address, options, State::bound); !status.ok()) return status;
  // Before listen(): nobody can connect while the mode is still the umask's.
  if (has_file(address) && unix_mode != 0 && ::chmod(address.ip_text().c_str(), unix_mode) != 0) {
    return failed("cannot set the mode of", address);
  }
  if (::listen(fd, kBacklog) != 0) return failed("cannot listen on", address);
  return set_options(fd, address, options, State::listening);
}

net::Address local_address(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  return ::getsockname(fd, address, &length) == 0 ? net::Address::from_sockaddr(address, length)
                                                  : net::Address();
}

}  // namespace

absl::StatusOr<ListenSocket> open_listen_socket(const net::Address& address, mode_t unix_mode,
                                                const Options& options) {
  if (!address.valid()) return absl::InvalidArgumentError("admin: no address");
  if (has_file(address)) remove_stale_file(address);
  int fd = ::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return failed("cannot open a socket for", address);
  absl::Status status = bind_and_listen(fd, address, unix_mode, options);
  if (!status.ok()) {
    ::close(fd);
    return status;
  }
  return ListenSocket{fd, local_address(fd)};
}

}  // namespace outrigger::admin
