// Channel: messages over the socket between two processes, on the main thread's io_context.
// Thread: main. Lifetime: shared with what Asio waits for; close() ends all callbacks.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "boost/asio/io_context.hpp"
#include "boost/asio/local/stream_protocol.hpp"

#include "proxy/hot_restart/protocol.h"

namespace outrigger::hot_restart {

class ChannelHandler {
 public:
  virtual void on_message(Message message) = 0;
  // The other end is gone, or does not keep to the protocol. The last callback.
  virtual void on_end(std::string_view why) = 0;

 protected:
  ~ChannelHandler() = default;
};

class Channel : public std::enable_shared_from_this<Channel> {
 public:
  // Takes the descriptor over.
  Channel(boost::asio::io_context& io, int fd, ChannelHandler& handler);

  // `read_before`: octets that arrived before there was a channel.
  void start(std::string_view read_before = {});
  void send(const Message& message);
  // With a copy of a descriptor; at once. False: it did not leave.
  bool send_descriptor(const Message& message, int descriptor);
  // At once, before the process goes.
  void send_last(const Message& message);
  // No callback follows.
  void close();

 private:
  void read();
  void write();
  bool take_frames();
  void end(std::string_view why);

  boost::asio::local::stream_protocol::socket socket_;
  ChannelHandler* handler_;  // nullptr: closed
  FrameReader frames_;
  std::array<char, 16 * 1024> buffer_;
  std::deque<std::string> waiting_;  // the first is being written
};

}  // namespace outrigger::hot_restart
