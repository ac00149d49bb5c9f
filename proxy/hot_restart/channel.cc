#include "proxy/hot_restart/channel.h"

#include <utility>

#include "boost/asio/buffer.hpp"
#include "boost/asio/write.hpp"

#include "proxy/hot_restart/endpoint.h"

namespace outrigger::hot_restart {

using boost::asio::local::stream_protocol;
using boost::system::error_code;

Channel::Channel(boost::asio::io_context& io, int fd, ChannelHandler& handler)
    : socket_(io, stream_protocol(), fd), handler_(&handler) {}

void Channel::start(std::string_view read_before) {
  frames_.feed(read_before);
  if (take_frames()) read();
}

void Channel::read() {
  socket_.async_read_some(boost::asio::buffer(buffer_),
                          [self = shared_from_this()](error_code error, size_t bytes) {
                            if (error) return self->end("it has closed its end");
                            self->frames_.feed({self->buffer_.data(), bytes});
                            if (self->take_frames()) self->read();
                          });
}

// False: no more is to be read.
bool Channel::take_frames() {
  while (handler_ != nullptr) {
    Bytes frame;
    FrameReader::State state = frames_.next(frame);
    if (state == FrameReader::State::more) return true;
    if (state == FrameReader::State::error) {
      end("it sent a frame of an impossible length");
      return false;
    }
    auto message = decode(frame);
    if (!message.ok()) {
      end(std::string(message.status().message()));
      return false;
    }
    handler_->on_message(*std::move(message));
  }
  return false;
}

void Channel::send(const Message& message) {
  if (handler_ == nullptr) return;
  waiting_.push_back(encode(message));
  if (waiting_.size() == 1) write();
}

void Channel::write() {
  boost::asio::async_write(socket_, boost::asio::buffer(waiting_.front()),
                           [self = shared_from_this()](error_code error, size_t) {
                             // The reading side tells that the other end is gone.
                             if (error || self->handler_ == nullptr) return;
                             self->waiting_.pop_front();
                             if (!self->waiting_.empty()) self->write();
                           });
}

bool Channel::send_descriptor(const Message& message, int descriptor) {
  // Descriptors come with octets in their order: nothing else may be on its way.
  return handler_ != nullptr && waiting_.empty() &&
         send_now(socket_.native_handle(), encode(message), descriptor);
}

void Channel::send_last(const Message& message) {
  if (handler_ != nullptr && waiting_.empty()) send_now(socket_.native_handle(), encode(message));
}

void Channel::end(std::string_view why) {
  ChannelHandler* handler = std::exchange(handler_, nullptr);
  error_code ignored;
  socket_.close(ignored);
  if (handler != nullptr) handler->on_end(why);
}

void Channel::close() {
  handler_ = nullptr;
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace outrigger::hot_restart
