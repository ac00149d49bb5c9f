// EpollAcceptor: a listening socket of an EpollLoop.
#pragma once

#include "proxy/runtime/epoll_loop.h"

namespace outrigger::runtime {

class EpollAcceptor final : public Acceptor, private EpollTarget {
 public:
  // Takes the descriptor over.
  EpollAcceptor(EpollLoop& loop, int fd, const ListenOptions& options, AcceptHandler& handler);
  ~EpollAcceptor() override;
  net::Address local_address() const override { return local_; }
  int descriptor() const override { return fd_; }
  void accept_waiting() override;

 private:
  void on_events(uint32_t events) override;
  bool accept_one();

  EpollLoop& loop_;
  AcceptHandler& handler_;
  int fd_;
  int spare_fd_;  // given up for a moment when the process is out of descriptors, so that the peer
                  // is told instead of left waiting
  uint32_t per_event_;
  uint64_t token_;
  net::Address local_;
};

}  // namespace outrigger::runtime
