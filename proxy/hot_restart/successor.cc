#include "proxy/hot_restart/successor.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fmt/format.h"

#include "proxy/hot_restart/endpoint.h"
#include "proxy/runtime/log.h"

namespace outrigger::hot_restart {
namespace {

using Kind = Message::Kind;
using boost::asio::local::stream_protocol;

// A piece of the statistics: far below the limit of a frame.
constexpr size_t kStatsPerMessage = 1000;

bool shares_its_port(int fd) {
  int on = 0;
  socklen_t length = sizeof on;
  return ::getsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, &length) == 0 && on != 0;
}

// -1: none. A socket that all workers share is every worker's.
int find_socket(const std::vector<std::shared_ptr<const net::ListenSockets>>& all,
                const net::Address& address, unsigned worker) {
  for (const auto& sockets : all) {
    for (size_t i = 0; i < sockets->addresses().size(); ++i) {
      if (!(sockets->addresses()[i] == address)) continue;
      int first = sockets->descriptor(i, 0);
      if (worker < sockets->per_address(i)) return sockets->descriptor(i, worker);
      return shares_its_port(first) ? -1 : first;
    }
  }
  return -1;
}

}  // namespace

SuccessorPort::SuccessorPort(boost::asio::io_context& io, int fd, uint32_t epoch, Host& host,
                             const observe::StatsStore& stats)
    : io_(io), acceptor_(io, stream_protocol(), fd), epoch_(epoch), host_(host), stats_(stats) {
  accept();
}

SuccessorPort::~SuccessorPort() {
  if (channel_ != nullptr) channel_->close();
  for (const auto& [key, fd] : given_) ::close(fd);
}

void SuccessorPort::accept() {
  acceptor_.async_accept(
      [this](const boost::system::error_code& error, stream_protocol::socket socket) {
        if (error == boost::asio::error::operation_aborted) return;
        if (error) {
          OUTRIGGER_LOG(main, error, "hot restart is off: {}", error.message());
          return;
        }
        if (same_user(socket.native_handle())) {
          if (state_ == State::nobody) {
            state_ = State::connected;
            channel_ = std::make_shared<Channel>(io_, socket.release(), *this);
            channel_->start();
          } else {
            Message busy = message_of(Kind::refused);
            busy.text = "another process is replacing it already";
            send_now(socket.native_handle(), encode(busy));
          }
        }
        accept();
      });
}

void SuccessorPort::on_message(Message message) {
  if ((state_ == State::connected) != (message.kind == Kind::hello))
    return refuse("a message came out of turn");
  switch (message.kind) {
    case Kind::hello:
      return greet(message);
    case Kind::take_socket:
      return give_socket(message);
    case Kind::close_admin:
      admin_closed_ = true;
      host_.close_admin();
      return channel_->send(message_of(Kind::done));
    case Kind::live:
      if (state_ == State::serving) return refuse("a message came out of turn");
      OUTRIGGER_LOG(main, info, "hot restart: epoch {} serves, this process drains", epoch_ + 1);
      state_ = State::serving;
      host_.hand_over();
      return channel_->send(message_of(Kind::done));
    case Kind::get_stats:
      return send_stats();
    case Kind::superseded:
      superseded_ = true;
      return;
    case Kind::terminate:
      OUTRIGGER_LOG(main, info, "hot restart: the successor ends this process");
      superseded_ = true;
      return host_.end_process();
    default:
      return refuse("a message came that only a predecessor sends");
  }
}

void SuccessorPort::greet(const Message& message) {
  if (message.number != kProtocolVersion)
    return refuse(
        fmt::format("its hot restart version is {}, not {}", kProtocolVersion, message.number));
  if (message.epoch != epoch_ + 1)
    return refuse(
        fmt::format("its restart epoch is {}, the next is not {}", epoch_, message.epoch));
  state_ = State::met;
  OUTRIGGER_LOG(main, info, "hot restart: epoch {} has come to replace this process",
                message.epoch);
  channel_->send(message_of(Kind::welcome, epoch_));
}

void SuccessorPort::give_socket(const Message& message) {
  auto worker = static_cast<unsigned>(message.number);
  int fd = find_socket(host_.listening(), message.address, worker);
  if (fd < 0) return channel_->send(message_of(Kind::socket, 0));
  if (!channel_->send_descriptor(message_of(Kind::socket, 1), fd)) return drop();
  int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return;
  auto [at, fresh] = given_.try_emplace({message.address.text(), worker}, copy);
  if (!fresh) ::close(std::exchange(at->second, copy));
}

std::optional<int> SuccessorPort::take(const net::Address& address, unsigned worker) {
  auto found = given_.find({address.text(), worker});
  if (found == given_.end()) return std::nullopt;
  int fd = found->second;
  given_.erase(found);
  return fd;
}

void SuccessorPort::send_stats() {
  host_.refresh_stats();
  std::vector<StatValue> all = stats_.take();
  size_t at = 0;
  do {
    Message piece = message_of(Kind::stats);
    for (size_t n = 0; n < kStatsPerMessage && at < all.size(); ++n)
      piece.stats.push_back(std::move(all[at++]));
    piece.number = at < all.size() ? 1 : 0;
    channel_->send(piece);
  } while (at < all.size());
}

void SuccessorPort::refuse(std::string why) {
  OUTRIGGER_LOG(main, warning,
                "hot restart: a process that came to replace this one is refused: {}", why);
  Message message = message_of(Kind::refused);
  message.text = std::move(why);
  channel_->send_last(message);
  drop();
}

void SuccessorPort::drop() {
  channel_->close();
  on_end("it was refused");
}

void SuccessorPort::on_end(std::string_view why) {
  channel_ = nullptr;
  State was = std::exchange(state_, State::nobody);
  if (superseded_) return;
  bool reopen = std::exchange(admin_closed_, false);
  if (was == State::serving) {
    OUTRIGGER_LOG(main, warning,
                  "hot restart: the successor is gone, this process serves again: {}", why);
    host_.take_back();
  } else if (was == State::met) {
    OUTRIGGER_LOG(main, warning, "hot restart: the successor never served: {}", why);
  }
  if (reopen) host_.reopen_admin();
  for (const auto& [key, fd] : given_) ::close(fd);
  given_.clear();
}

}  // namespace outrigger::hot_restart
