// RacingTransport: a connection to the first of several addresses that takes it (RFC 8305): the
// next one is tried when the one before it has failed, or has not answered for 300 ms. What is
// written before one has won waits. Thread: one worker. Lifetime: a Transport's.
//
//   racing --one connects--> won (everything goes to the winner)
//      '--the last one fails--> lost (on_closed was called)
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "proxy/runtime/loop.h"

namespace outrigger::upstream {

class RacingTransport final : public runtime::Transport {
 public:
  using Open = std::function<absl::StatusOr<std::unique_ptr<runtime::Transport>>(
      const net::Address&, runtime::TransportHandler&)>;
  // `addresses`: at least one, in the order in which they are tried.
  RacingTransport(runtime::Loop& loop, std::vector<net::Address> addresses, Open open,
                  runtime::TransportHandler& handler);
  ~RacingTransport() override;

  // An error: each address failed at once.
  absl::Status start();

  void set_handler(runtime::TransportHandler& handler) override;
  void write(Bytes bytes) override;
  char* reserve(size_t bytes) override;
  void commit(size_t bytes) override;
  void pause_reading(bool pause) override;
  void shutdown_write() override;
  size_t output_queued() const override;
  void set_output_limit(size_t bytes) override;
  void flush() override;
  void close_when_flushed() override;
  net::Address local_address() const override;
  net::Address remote_address() const override;
  uint64_t bytes_received() const override;
  uint64_t bytes_sent() const override;
  bool set_option(const net::SocketOption& option) override;

 private:
  class Attempt;
  struct Given;

  void try_next();
  void on_delay() { try_next(); }
  void won(Attempt& attempt);
  void lost(Attempt& attempt, int error);
  void give_up(Attempt& attempt);
  void give_up_all();
  void on_cancelled();

  runtime::Loop& loop_;
  std::vector<net::Address> addresses_;
  Open open_;
  runtime::TransportHandler* handler_;
  size_t next_ = 0;
  std::vector<std::unique_ptr<Attempt>> attempts_;
  std::unique_ptr<runtime::Transport> winner_;
  std::string waiting_;  // written before one has won
  std::string reserved_;
  size_t output_limit_ = 0;  // 0: not set
  absl::Status last_status_;
  int last_error_ = 0;
  bool started_ = false;
  bool paused_ = false;
  bool shutdown_ = false;
  runtime::Timer delay_;
  runtime::TurnTask cancelled_;
};

}  // namespace outrigger::upstream
