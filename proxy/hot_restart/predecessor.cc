#include "proxy/hot_restart/predecessor.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "fmt/format.h"

#include "proxy/runtime/log.h"

namespace outrigger::hot_restart {
namespace {

using namespace std::chrono_literals;
using Kind = Message::Kind;

constexpr auto kPoll = 1s;           // of statistics
constexpr timeval kPatience{10, 0};  // it answers between two of its own events

// The descriptor that came with what was received; -1: none. A second one is closed.
int take_descriptor(msghdr& message) {
  int taken = -1;
  for (cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr;
       head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(head) + i * sizeof(int), sizeof fd);
      if (taken >= 0) ::close(taken);
      taken = fd;
    }
  }
  return taken;
}

}  // namespace

Predecessor::Predecessor(const Parts& parts, int fd)
    : parts_(parts), fd_(fd), received_(parts.stats), poll_timer_(parts.io) {}

Predecessor::~Predecessor() {
  if (channel_ != nullptr) channel_->close();
  if (fd_ >= 0) ::close(fd_);
}

absl::StatusOr<std::unique_ptr<Predecessor>> Predecessor::meet(const Parts& parts) {
  auto fd = connect_to(parts.place, parts.epoch - 1);
  if (!fd.ok()) return fd.status();
  std::unique_ptr<Predecessor> out(new Predecessor(parts, *fd));
  if (!same_user(*fd))
    return absl::PermissionDeniedError("the process that is to be replaced is another user's");
  ::setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  ::setsockopt(*fd, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  Message hello = message_of(Kind::hello);
  hello.number = kProtocolVersion;
  hello.epoch = parts.epoch;
  auto answer = out->ask(hello);
  if (!answer) return absl::UnavailableError("the process that is to be replaced does not answer");
  if (answer->kind == Kind::refused)
    return absl::FailedPreconditionError(
        fmt::format("the process that is to be replaced refuses: {}", answer->text));
  if (answer->kind != Kind::welcome || answer->number + 1 != parts.epoch)
    return absl::InternalError("the process that is to be replaced is not of the epoch before");
  return out;
}

std::optional<Message> Predecessor::ask(const Message& question, int* descriptor) {
  if (fd_ < 0) return std::nullopt;
  if (!send_now(fd_, encode(question))) {
    give_up("it takes no question");
    return std::nullopt;
  }
  return receive(descriptor);
}

std::optional<Message> Predecessor::receive(int* descriptor) {
  int came = -1;
  for (;;) {
    Bytes frame;
    FrameReader::State state = frames_.next(frame);
    if (state == FrameReader::State::frame) {
      auto message = decode(frame);
      if (message.ok() && descriptor != nullptr) *descriptor = std::exchange(came, -1);
      if (came >= 0) ::close(came);
      if (message.ok()) return *std::move(message);
    }
    if (state != FrameReader::State::more) break;
    char buffer[4096];
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    iovec part{buffer, sizeof buffer};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    ssize_t bytes = ::recvmsg(fd_, &message, MSG_CMSG_CLOEXEC);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes <= 0) break;
    if (int fd = take_descriptor(message); fd >= 0) {
      if (came >= 0) ::close(came);
      came = fd;
    }
    frames_.feed({buffer, static_cast<size_t>(bytes)});
  }
  if (came >= 0) ::close(came);
  give_up("it does not answer");
  return std::nullopt;
}

// What it has not given by now is opened anew.
void Predecessor::give_up(std::string_view why) {
  OUTRIGGER_LOG(main, warning, "hot restart: the process before this one is given up: {}", why);
  ::close(std::exchange(fd_, -1));
}

std::optional<int> Predecessor::take(const net::Address& address, unsigned worker) {
  // A port that the system chooses is another one each time.
  if (fd_ < 0 || (address.is_ip() && address.port() == 0)) return std::nullopt;
  Message question = message_of(Kind::take_socket);
  question.address = address;
  question.number = worker;
  int descriptor = -1;
  auto answer = ask(question, &descriptor);
  bool given = answer && answer->kind == Kind::socket && answer->number == 1;
  if (given && descriptor >= 0) return descriptor;
  if (descriptor >= 0) ::close(descriptor);
  return std::nullopt;
}

void Predecessor::close_admin() {
  ask(message_of(Kind::close_admin));
}

void Predecessor::go_live() {
  if (fd_ < 0 || !ask(message_of(Kind::live))) return;
  end_at_ = std::chrono::steady_clock::now() + parts_.shutdown_time;
  channel_ = std::make_shared<Channel>(parts_.io, std::exchange(fd_, -1), *this);
  channel_->start();
  poll_stats();
}

void Predecessor::poll_stats() {
  bool end = std::chrono::steady_clock::now() >= end_at_;
  if (parts_.take_stats) {
    channel_->send(message_of(Kind::get_stats));  // the answer leads on
    return;
  }
  if (end) return terminate();
  poll_timer_.expires_at(end_at_);
  poll_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error && channel_ != nullptr) poll_stats();
  });
}

void Predecessor::on_message(Message message) {
  if (message.kind != Kind::stats) return;
  received_.add(message.stats);
  if (message.number != 0) return;  // more follow
  auto now = std::chrono::steady_clock::now();
  if (now >= end_at_) return terminate();
  poll_timer_.expires_at(std::min(now + kPoll, end_at_));
  poll_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error && channel_ != nullptr) poll_stats();
  });
}

void Predecessor::on_end(std::string_view why) {
  OUTRIGGER_LOG(main, info, "hot restart: the process before this one is gone: {}", why);
  channel_ = nullptr;
  poll_timer_.cancel();
  received_.forget_gauges();
}

void Predecessor::note_superseded() {
  if (channel_ != nullptr) channel_->send(message_of(Kind::superseded));
}

void Predecessor::terminate() {
  if (channel_ == nullptr) return;
  OUTRIGGER_LOG(main, info, "hot restart: the process before this one is told to end");
  channel_->send_last(message_of(Kind::terminate));
  std::exchange(channel_, nullptr)->close();
  poll_timer_.cancel();
  received_.forget_gauges();
}

}  // namespace outrigger::hot_restart
