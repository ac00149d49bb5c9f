// EpollLoop: the epoll engine of a worker, or of whoever drives it. Every descriptor is registered
// once, edge-triggered for both directions; a receive that filled less than the buffer means
// drained, so no call has to return EAGAIN; output is gathered and sent once per turn, large pieces
// at once. Thread: the worker's; post() and stop() from any.
#pragma once

#include <sys/epoll.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "proxy/runtime/driven_loop.h"

namespace outrigger::runtime {

class EpollSocket;
class EpollLoop;

// What an epoll event leads to: a socket, an acceptor or the mailbox.
class EpollTarget {
 public:
  virtual void on_events(uint32_t events) = 0;

 protected:
  ~EpollTarget() = default;
};

class EpollLoop final : public DrivenLoop {
 public:
  EpollLoop();
  ~EpollLoop() override;

  absl::StatusOr<std::unique_ptr<Acceptor>> listen(const ListenOptions& options,
                                                   AcceptHandler& handler) override;
  absl::StatusOr<std::unique_ptr<Transport>> connect(const ConnectOptions& options,
                                                     TransportHandler& handler) override;
  std::unique_ptr<Transport> adopt(int fd, const net::Address& remote) override;
  void post(std::function<void()> task) override;
  void defer_delete(std::unique_ptr<Deferred> object) override {
    garbage_.push_back(std::move(object));
  }
  void collect_deferred() override { collect_garbage(); }
  void run() override;
  void stop() override;
  int descriptor() const override { return epoll_fd_; }
  void take_turn() override { turn(0); }
  std::optional<std::chrono::milliseconds> next_turn() const override;
  void update_time() override;

  // For sockets and acceptors. A token names a target safely: events of one that is gone are
  // dropped.
  uint64_t attach(int fd, uint32_t events, EpollTarget& target);
  void detach(uint64_t token);
  // Of a descriptor that has copies: closing it would not end its events.
  void detach_shared(uint64_t token, int fd);
  // Before detach(), of a descriptor of which there may be copies.
  void withdraw(int fd);
  char* receive_buffer() { return receive_buffer_.get(); }
  static constexpr size_t kReceiveBytes = 64 * 1024;
  // The socket's finish_turn() runs before the loop waits again.
  void want_flush(EpollSocket& socket) { flush_.push_back(&socket); }
  // The socket's continue_reading() runs in the next turn, after the others had theirs.
  void want_read(EpollSocket& socket) { read_again_.push_back(&socket); }
  void forget(EpollSocket& socket);

 private:
  class Mailbox;
  struct Slot {
    EpollTarget* target = nullptr;
    uint32_t generation = 0;
  };
  static constexpr int kMaxEvents = 256;

  int wait_ms() const;
  void turn(int wait_ms);
  void run_posted();
  void flush_outputs();
  void collect_garbage();

  int epoll_fd_;
  int wake_fd_;
  std::unique_ptr<char[]> receive_buffer_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_slots_;
  std::vector<EpollSocket*> flush_;
  std::vector<EpollSocket*> read_again_;
  std::vector<EpollSocket*> reading_;
  std::vector<std::unique_ptr<Deferred>> garbage_;
  MonotonicTime last_trim_;
  std::atomic<bool> stopping_{false};
  std::mutex posted_mutex_;
  std::vector<std::function<void()>> posted_;
};

}  // namespace outrigger::runtime
