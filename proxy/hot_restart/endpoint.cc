#include "proxy/hot_restart/endpoint.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "fmt/format.h"

namespace outrigger::hot_restart {
namespace {

constexpr int kBacklog = 8;            // one successor, and some that are refused
constexpr int kSendPatienceMs = 2000;  // the other end reads at once, unless it is stopped

absl::Status failure(absl::StatusCode code, std::string_view what, const net::Address& address,
                     int error) {
  return {code, fmt::format("cannot {} {}: {}", what, address.text(), std::strerror(error))};
}

bool is_file(const net::Address& address) {
  return !address.ip_text().starts_with('@');
}

// "--socket-mode 640" is a number whose digits are octal.
mode_t mode_of(const MeetingPlace& place) {
  mode_t mode = 0;
  unsigned shift = 0;
  for (uint32_t left = place.socket_mode; left != 0; left /= 10, shift += 3)
    mode |= static_cast<mode_t>(left % 10) << shift;
  return place.socket_mode == 0 ? 0600 : mode & 0777;
}

// A file that nobody listens at was left behind by a process that ended.
void remove_stale(const net::Address& address) {
  int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return;
  bool stale = ::connect(probe, address.data(), address.length()) != 0 && errno == ECONNREFUSED;
  ::close(probe);
  if (stale) ::unlink(address.ip_text().c_str());
}

}  // namespace

absl::StatusOr<net::Address> address_of(const MeetingPlace& place, uint32_t epoch) {
  std::string path = fmt::format("{}_{}_{}", place.socket_path, place.base_id, epoch);
  auto address = net::Address::from_unix_path(path);
  if (!address)
    return absl::InvalidArgumentError(fmt::format("--socket-path: '{}' is too long", path));
  return *address;
}

absl::StatusOr<int> listen_at(const MeetingPlace& place, uint32_t epoch) {
  auto address = address_of(place, epoch);
  if (!address.ok()) return address.status();
  int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return failure(absl::StatusCode::kUnavailable, "open a socket for", *address, errno);
  if (is_file(*address)) remove_stale(*address);
  bool bound = ::bind(fd, address->data(), address->length()) == 0;
  if (bound && is_file(*address)) bound = ::chmod(address->ip_text().c_str(), mode_of(place)) == 0;
  if (!bound || ::listen(fd, kBacklog) != 0) {
    int error = errno;
    ::close(fd);
    return failure(
        error == EADDRINUSE ? absl::StatusCode::kAlreadyExists : absl::StatusCode::kUnavailable,
        "listen at", *address, error);
  }
  return fd;
}

absl::StatusOr<int> connect_to(const MeetingPlace& place, uint32_t epoch) {
  auto address = address_of(place, epoch);
  if (!address.ok()) return address.status();
  int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return failure(absl::StatusCode::kUnavailable, "open a socket for", *address, errno);
  if (::connect(fd, address->data(), address->length()) != 0) {
    int error = errno;
    ::close(fd);
    bool nobody = error == ECONNREFUSED || error == ENOENT;
    return failure(nobody ? absl::StatusCode::kNotFound : absl::StatusCode::kUnavailable,
                   "connect to", *address, error);
  }
  return fd;
}

bool same_user(int fd) {
  ucred peer{};
  socklen_t length = sizeof peer;
  return ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.uid == ::geteuid();
}

bool send_now(int fd, std::string_view octets, int passed) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  while (!octets.empty()) {
    iovec part{const_cast<char*>(octets.data()), octets.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (passed >= 0) {
      message.msg_control = control;
      message.msg_controllen = sizeof control;
      cmsghdr* head = CMSG_FIRSTHDR(&message);
      head->cmsg_level = SOL_SOCKET;
      head->cmsg_type = SCM_RIGHTS;
      head->cmsg_len = CMSG_LEN(sizeof(int));
      std::memcpy(CMSG_DATA(head), &passed, sizeof passed);
    }
    ssize_t sent = ::sendmsg(fd, &message, MSG_NOSIGNAL);
    if (sent > 0) {
      octets.remove_prefix(static_cast<size_t>(sent));
      passed = -1;
      continue;
    }
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno != EAGAIN) return false;
    pollfd room{fd, POLLOUT, 0};
    if (::poll(&room, 1, kSendPatienceMs) <= 0) return false;
  }
  return true;
}

}  // namespace outrigger::hot_restart
