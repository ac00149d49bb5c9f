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
      token_(loop.attach(fd, EPOLLIN,
                         *this)) {  // level-triggered: what one event leaves over comes again
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0) {
    local_ = net::Address::from_sockaddr(reinterpret_cast<const sockaddr*>(&address), length);
  }
}

EpollAcceptor::~EpollAcceptor() {
  loop_.detach(token_);
  ::close(fd_);
  if (spare_fd_ >= 0) ::close(spare_fd_);
}

void EpollAcceptor::on_events(uint32_t) {
  for (uint32_t i = 0; i < per_event_ && accept_one(); ++i) {
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
  auto socket = std::make_unique<EpollSocket>(loop_, fd, EpollSocket::State::open);
  socket->set_remote_address(
      net::Address::from_sockaddr(reinterpret_cast<const sockaddr*>(&address), length));
  handler_.on_accept(std::move(socket));
  return true;
}

}  // namespace outrigger::runtime
