#include "proxy/runtime/epoll_acceptor.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "proxy/runtime/epoll_socket.h"

namespace outrigger::runtime {

EpollAcceptor::EpollAcceptor(EpollLoop& loop, int fd, const ListenOptions& options,
                             AcceptHandler& handler)
    : loop_(loop),
      handler_(handler),
      fd_(fd),
      spare_fd_(::open("/dev/null", O_RDONLY | O_CLOEXEC)),
      per_event_(options.max_accepts_per_event),
      // Level-triggered: what one event leaves over comes again. Exclusive: of the workers that
      // share a socket, not all wake for one connection.
      token_(loop.attach(fd, EPOLLIN | EPOLLEXCLUSIVE, *this)) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0) {
    local_ = net::Address::from_sockaddr(reinterpret_cast<const sockaddr*>(&address), length);
  }
}

EpollAcceptor::~EpollAcceptor() {
  // Copies of the descriptor live on, here or in another process: closing this one would not end
  // the wake-ups, and those that come here would not come there.
  loop_.withdraw(fd_);
  loop_.detach_shared(token_, fd_);
  ::close(fd_);
  if (spare_fd_ >= 0) ::close(spare_fd_);
}

void EpollAcceptor::on_events(uint32_t) {
  uint32_t accepted = 0;
  // A handler may close this acceptor with the turn, never from inside its call.
  while (accepted < per_event_ && accept_one()) ++accepted;
  if (accepted > 0) handler_.on_accept_event(accepted);
}

void EpollAcceptor::accept_waiting() {
  // No more than a queue can hold: what keeps coming is not what was waiting.
  constexpr uint32_t kMost = 65536;
  for (uint32_t accepted = 0; accepted < kMost && accept_one(); ++accepted) {
  }
}

bool EpollAcceptor::accept_one() {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  int fd =
      ::accept4(fd_, reinterpret_cast<sockaddr*>(&address), &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    if ((errno == EMFILE || errno == ENFILE) && spare_fd_ >= 0) {
      ::close(spare_fd_);
      fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd >= 0) ::close(fd);
      spare_fd_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
      return fd >= 0;
    }
    return errno == ECONNABORTED || errno == EINTR;
  }
  auto remote = net::Address::from_sockaddr(reinterpret_cast<const sockaddr*>(&address), length);
  if (!handler_.take_descriptor(fd, remote)) handler_.on_accept(loop_.adopt(fd, remote));
  return true;
}

}  // namespace outrigger::runtime
