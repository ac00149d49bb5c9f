// SuccessorPort: where the process that is to replace this one asks for what we have: sockets, the
// address of the administration interface, statistics. One at a time, of the same user, of the
// same version, of the next epoch. Thread: main. Lifetime: the server's; the io_context, host and
// store outlive it.
//
//   nobody --hello--> met --live--> it serves, we drain --terminate--> the end of this process
//   met --it ended--> nobody: all is as it was
//   it serves --it ended--> nobody: we serve again, unless it had a successor itself
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "boost/asio/io_context.hpp"
#include "boost/asio/local/stream_protocol.hpp"

#include "proxy/hot_restart/channel.h"
#include "proxy/hot_restart/stats_transfer.h"
#include "proxy/net/listen_sockets.h"

namespace outrigger::hot_restart {

// What the server does for its successor.
class Host {
 public:
  virtual std::vector<std::shared_ptr<const net::ListenSockets>> listening() = 0;
  // What is only looked at now and then is to be true now.
  virtual void refresh_stats() = 0;
  virtual void close_admin() = 0;
  virtual void reopen_admin() = 0;
  // The successor serves: accept no more, drain.
  virtual void hand_over() = 0;
  // The successor is gone: accept again.
  virtual void take_back() = 0;
  virtual void end_process() = 0;

 protected:
  ~Host() = default;
};

class SuccessorPort final : public net::SocketSource, public ChannelHandler {
 public:
  // Takes the listening descriptor over.
  SuccessorPort(boost::asio::io_context& io, int fd, uint32_t epoch, Host& host,
                const observe::StatsStore& stats);
  ~SuccessorPort();

  bool serving() const { return state_ == State::serving; }
  // Sockets that the successor has too: those that we listened at before it did. Nobody else's
  // connections are in their queues.
  std::optional<int> take(const net::Address& address, unsigned worker) override;

 private:
  enum class State : uint8_t {
    nobody,
    connected,
    met,
    serving
  };
  class Refusal;

  void accept();
  void greet(const Message& message);
  void give_socket(const Message& message);
  void send_stats();
  void refuse(std::string why);
  void drop();
  void on_message(Message message) override;
  void on_end(std::string_view why) override;

  boost::asio::io_context& io_;
  boost::asio::local::stream_protocol::acceptor acceptor_;
  uint32_t epoch_;
  Host& host_;
  StatsSender stats_;
  std::shared_ptr<Channel> channel_;
  State state_ = State::nobody;
  bool admin_closed_ = false;
  bool superseded_ = false;
  // Copies of what was given.
  std::map<std::pair<std::string, unsigned>, int> given_;
};

}  // namespace outrigger::hot_restart
