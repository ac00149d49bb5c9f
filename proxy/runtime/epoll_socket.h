// EpollSocket: one connected (or connecting) stream socket of an EpollLoop. See transport.h for the
// contract. States: connecting -> open -> (write_closed | lingering) -> dead. In `dead` the handler
// was told and nothing more happens.
#pragma once

#include <memory>
#include <string>

#include "proxy/runtime/epoll_loop.h"
#include "proxy/runtime/output_queue.h"

namespace outrigger::runtime {

class EpollSocket final : public Transport, private EpollTarget {
 public:
  enum class State : uint8_t {
    connecting,
    open,
    lingering,
    dead
  };

  // Takes the descriptor over.
  EpollSocket(EpollLoop& loop, int fd, State state);
  ~EpollSocket() override;

  void set_handler(TransportHandler& handler) override { handler_ = &handler; }
  void write(Bytes bytes) override;
  char* reserve(size_t bytes) override { return output_.reserve(bytes); }
  void commit(size_t bytes) override {
    output_.commit(bytes);
    note_output();
  }
  void pause_reading(bool pause) override;
  size_t output_queued() const override { return output_.size(); }
  void set_output_limit(size_t bytes) override { output_limit_ = bytes; }
  void flush() override;
  void shutdown_write() override;
  void close_when_flushed() override;
  net::Address local_address() const override;
  net::Address remote_address() const override;
  void set_remote_address(const net::Address& address) { remote_ = address; }
  std::optional<net::Address> original_destination() const override;
  bool unread(Bytes bytes, bool eof) override;
  bool set_option(const net::SocketOption& option) override;
  uint64_t bytes_received() const override { return bytes_received_; }
  uint64_t bytes_sent() const override { return bytes_sent_; }

  // Called by the loop.
  void finish_turn();
  void continue_reading();

 private:
  // Reads of one turn before the other sockets have theirs: 4 x 64 KiB.
  static constexpr int kReadsPerTurn = 4;
  // A piece from this size on is sent from where it is; a smaller one is cheaper to copy behind
  // what waits.
  static constexpr size_t kDirectWriteBytes = 4096;

  void on_events(uint32_t events) override;
  void finish_connect();
  void read_available();
  bool receive_once();
  void deliver_unread();
  void send_queued();
  size_t send_gathered(Bytes extra);
  void note_output();
  void after_send();
  void fail(int error);
  void want_turn_end();

  EpollLoop& loop_;
  TransportHandler* handler_ = nullptr;
  OutputQueue output_;
  std::unique_ptr<std::string> unread_;  // to be delivered again; nullptr: nothing
  net::Address remote_;
  uint64_t token_ = 0;
  uint64_t bytes_received_ = 0;
  uint64_t bytes_sent_ = 0;
  size_t output_limit_ = 1024 * 1024;
  int fd_;
  int error_ = 0;
  State state_;
  bool paused_ = false;
  bool readable_ = false;     // the system may have more for us
  bool peer_closed_ = false;  // EPOLLRDHUP or HUP was seen: read on to the end
  bool eof_ = false;          // on_eof was delivered
  bool unwritable_ = false;   // the system's buffer is full: wait for EPOLLOUT
  bool blocked_ = false;      // the handler was told that the queue is above its limit
  bool resume_pending_ = false;
  bool in_flush_list_ = false;
  bool in_read_list_ = false;
  bool failed_ = false;
  bool shutdown_wanted_ = false;
  bool shutdown_done_ = false;
  bool close_wanted_ = false;
};

}  // namespace outrigger::runtime
