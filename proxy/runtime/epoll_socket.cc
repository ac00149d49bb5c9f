#include "proxy/runtime/epoll_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>

namespace outrigger::runtime {

EpollSocket::EpollSocket(EpollLoop& loop, int fd, State state)
    : loop_(loop), output_(loop.slabs()), fd_(fd), state_(state) {
  token_ = loop.attach(fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, *this);
}

EpollSocket::~EpollSocket() {
  loop_.detach(token_);
  if (in_flush_list_ || in_read_list_) loop_.forget(*this);
  ::close(fd_);
}

void EpollSocket::on_events(uint32_t events) {
  if (state_ == State::dead) return;
  if (state_ == State::connecting) {
    if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0) return;
    finish_connect();
    if (state_ != State::open) return;
  }
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) peer_closed_ = true;
  if (unwritable_ && (events & EPOLLOUT) != 0) {
    unwritable_ = false;
    send_queued();
  }
  if ((events & EPOLLIN) != 0 || peer_closed_) {
    readable_ = true;
    if (!in_read_list_) read_available();
  }
}

void EpollSocket::finish_connect() {
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
  if (error != 0) {
    state_ = State::dead;
    handler_->on_closed(error);
    return;
  }
  state_ = State::open;
  unwritable_ = false;
  if (!output_.empty()) want_turn_end();
  handler_->on_connected();
}

// The handler may pause or close this socket from any call, but destroys it only through the loop's
// garbage, so `this` stays valid.
void EpollSocket::read_available() {
  for (int i = 0; readable_ && !failed_ && state_ != State::dead; ++i) {
    if (paused_ && state_ != State::lingering) return;
    if (i == kReadsPerTurn) {
      in_read_list_ = true;
      loop_.want_read(*this);
      return;
    }
    if (unread_ != nullptr) {
      deliver_unread();
      continue;
    }
    if (!receive_once()) return;
  }
}

// What was received once is counted by whom it is delivered to at last.
void EpollSocket::deliver_unread() {
  std::unique_ptr<std::string> bytes = std::move(unread_);
  bytes_received_ += bytes->size();
  if (state_ != State::lingering) handler_->on_data(*bytes);
}

bool EpollSocket::unread(Bytes bytes, bool eof) {
  bytes_received_ = 0;
  if (!bytes.empty()) unread_ = std::make_unique<std::string>(bytes);
  if (eof) {
    eof_ = false;  // the next receive finds the FIN again
    peer_closed_ = true;
  }
  // What else has arrived must not overtake it, so it waits for the next turn as well.
  readable_ = true;
  if (!in_read_list_) {
    in_read_list_ = true;
    loop_.want_read(*this);
  }
  return true;
}

bool EpollSocket::receive_once() {
  ssize_t n = ::recv(fd_, loop_.receive_buffer(), EpollLoop::kReceiveBytes, 0);
  if (n > 0) {
    bytes_received_ += static_cast<uint64_t>(n);
    // Less than asked for: drained, unless a FIN stands behind the data.
    readable_ = static_cast<size_t>(n) == EpollLoop::kReceiveBytes || peer_closed_;
    if (state_ != State::lingering)
      handler_->on_data(Bytes(loop_.receive_buffer(), static_cast<size_t>(n)));
    return true;
  }
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
    readable_ = errno == EINTR;
    return readable_;
  }
  readable_ = false;
  if (n < 0) {
    fail(errno);
    return false;
  }
  if (eof_) return false;
  eof_ = true;
  if (state_ == State::lingering) {
    if (shutdown_done_) fail(0);
    return false;
  }
  handler_->on_eof();
  return false;
}

void EpollSocket::continue_reading() {
  in_read_list_ = false;
  read_available();
}

void EpollSocket::pause_reading(bool pause) {
  if (paused_ == pause) return;
  paused_ = pause;
  if (!pause && readable_ && !in_read_list_) {
    in_read_list_ = true;
    loop_.want_read(*this);
  }
}

void EpollSocket::write(Bytes bytes) {
  if (failed_ || shutdown_done_ || state_ == State::dead) return;
  bool direct = bytes.size() >= kDirectWriteBytes && state_ != State::connecting && !unwritable_;
  if (direct) bytes.remove_prefix(send_gathered(bytes));
  if (bytes.empty() || failed_) return;
  output_.append(bytes);
  note_output();
}

void EpollSocket::note_output() {
  want_turn_end();
  if (!blocked_ && output_.size() > output_limit_) {
    blocked_ = true;
    handler_->on_write_blocked();
  }
}

void EpollSocket::want_turn_end() {
  if (in_flush_list_) return;
  in_flush_list_ = true;
  loop_.want_flush(*this);
}

void EpollSocket::flush() {
  if (state_ != State::connecting && !unwritable_ && !failed_) send_queued();
}

void EpollSocket::finish_turn() {
  in_flush_list_ = false;
  if (state_ == State::dead) return;
  if (!failed_ && state_ != State::connecting && !unwritable_) send_queued();
  if (failed_) {
    state_ = State::dead;
    output_.clear();
    handler_->on_closed(error_);
    return;
  }
  if (resume_pending_) {
    resume_pending_ = false;
    if (!blocked_) handler_->on_write_resumed();
  }
}

void EpollSocket::send_queued() {
  while (!output_.empty() && !unwritable_ && !failed_) send_gathered({});
  after_send();
}

// Sends what waits and then `extra`; returns how much of `extra` the system took.
size_t EpollSocket::send_gathered(Bytes extra) {
  constexpr int kPieces = 64;
  iovec pieces[kPieces];
  int n = output_.gather(pieces, kPieces - 1);
  size_t queued = 0;
  for (int i = 0; i < n; ++i) queued += pieces[i].iov_len;
  bool all_queued = queued == output_.size();
  if (!extra.empty() && all_queued) pieces[n++] = {const_cast<char*>(extra.data()), extra.size()};
  size_t wanted = queued + (all_queued ? extra.size() : 0);

  ssize_t sent;
  if (n == 1) {
    sent = ::send(fd_, pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL);
  } else {
    msghdr message{};
    message.msg_iov = pieces;
    message.msg_iovlen = static_cast<size_t>(n);
    sent = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
  }
  if (sent < 0) {
    if (errno == EAGAIN) {
      unwritable_ = true;
    } else if (errno != EINTR) {
      fail(errno);
    }
    return 0;
  }
  auto taken = static_cast<size_t>(sent);
  bytes_sent_ += taken;
  if (taken < wanted) unwritable_ = true;
  size_t from_queue = taken < queued ? taken : queued;
  output_.consume(from_queue);
  return taken - from_queue;
}

void EpollSocket::after_send() {
  if (failed_) return;
  if (blocked_ && output_.size() <= output_limit_ / 2) {
    blocked_ = false;
    resume_pending_ = true;
    want_turn_end();
  }
  if (output_.empty() && shutdown_wanted_ && !shutdown_done_) {
    shutdown_done_ = true;
    ::shutdown(fd_, SHUT_WR);
    if (state_ == State::lingering && eof_) fail(0);
  }
}

void EpollSocket::shutdown_write() {
  if (shutdown_wanted_ || failed_ || state_ == State::dead) return;
  shutdown_wanted_ = true;
  want_turn_end();
}

void EpollSocket::close_when_flushed() {
  if (close_wanted_ || failed_ || state_ == State::dead) return;
  close_wanted_ = true;
  bool connecting = state_ == State::connecting;
  state_ = State::lingering;
  if (connecting || (eof_ && output_.empty())) {
    fail(0);
    return;
  }
  shutdown_wanted_ = true;
  if (shutdown_done_ && eof_) fail(0);
  want_turn_end();
  if (readable_ &&
      !in_read_list_) {  // what was held back is read and dropped, so that the close is not a reset
    in_read_list_ = true;
    loop_.want_read(*this);
  }
}

// The handler hears of it at the end of the turn, never from inside its own call.
void EpollSocket::fail(int error) {
  if (failed_) return;
  failed_ = true;
  error_ = error;
  want_turn_end();
}

net::Address EpollSocket::local_address() const {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length) != 0) return {};
  return net::Address::from_sockaddr(reinterpret_cast<const sockaddr*>(&address), length);
}

net::Address EpollSocket::remote_address() const {
  return remote_;
}

// SO_ORIGINAL_DST is the packet filter's, for REDIRECT; under TPROXY the socket's own address is
// the destination.
std::optional<net::Address> EpollSocket::original_destination() const {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  bool v4 = remote_.family() == AF_INET;
  if (!remote_.is_ip()) return std::nullopt;
  constexpr int kOriginalDestination = 80;  // SO_ORIGINAL_DST and IP6T_SO_ORIGINAL_DST
  if (getsockopt(fd_, v4 ? SOL_IP : SOL_IPV6, kOriginalDestination, &address, &length) == 0)
    return net::Address::from_sockaddr(reinterpret_cast<const sockaddr*>(&address), length);
  int transparent = 0;
  length = sizeof transparent;
  if (getsockopt(fd_, v4 ? SOL_IP : SOL_IPV6, v4 ? IP_TRANSPARENT : IPV6_TRANSPARENT, &transparent,
                 &length) == 0 &&
      transparent != 0)
    return local_address();
  return std::nullopt;
}

bool EpollSocket::set_option(const net::SocketOption& option) {
  return setsockopt(fd_, option.level, option.name, option.value.data(),
                    static_cast<socklen_t>(option.value.size())) == 0;
}

}  // namespace outrigger::runtime
