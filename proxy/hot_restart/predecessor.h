// Predecessor: the process that serves until this one does, as seen from here. Until go_live()
// every question waits for its answer: this process serves nothing yet. Thread: main. Lifetime: the
// server's; the io_context and the store outlive it.
//
//   met --take(), close_admin()--> met --go_live()--> draining there, statistics come from there
//   --parent-shutdown-time-s--> terminated    any --it ended--> gone
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "boost/asio/io_context.hpp"
#include "boost/asio/steady_timer.hpp"

#include "proxy/hot_restart/channel.h"
#include "proxy/hot_restart/endpoint.h"
#include "proxy/hot_restart/stats_transfer.h"
#include "proxy/net/listen_sockets.h"

namespace outrigger::hot_restart {

class Predecessor final : public net::SocketSource, public ChannelHandler {
 public:
  struct Parts {
    boost::asio::io_context& io;
    const observe::StatsStore& stats;
    MeetingPlace place;
    uint32_t epoch = 0;  // our own
    std::chrono::milliseconds shutdown_time{0};
    bool take_stats = true;
  };
  // NotFound: there is none.
  static absl::StatusOr<std::unique_ptr<Predecessor>> meet(const Parts& parts);
  ~Predecessor();

  // SocketSource
  std::optional<int> take(const net::Address& address, unsigned worker) override;
  // Its administration interface leaves its address to ours.
  void close_admin();
  // We serve: it accepts no more, and ends after the shutdown time.
  void go_live();
  // We have a successor ourselves.
  void note_superseded();
  // Now: we are about to end.
  void terminate();

 private:
  Predecessor(const Parts& parts, int fd);
  // Waits for the answer; nullopt: it did not come, and nothing more is asked. `descriptor`: of
  // what may come with it; -1: none came.
  std::optional<Message> ask(const Message& question, int* descriptor = nullptr);
  std::optional<Message> receive(int* descriptor);
  void give_up(std::string_view why);
  void on_message(Message message) override;
  void on_end(std::string_view why) override;
  void poll_stats();

  Parts parts_;
  int fd_;  // -1: the channel has it, or the process is gone
  FrameReader frames_;
  std::shared_ptr<Channel> channel_;
  StatsReceiver received_;
  boost::asio::steady_timer poll_timer_;
  std::chrono::steady_clock::time_point end_at_;
};

}  // namespace outrigger::hot_restart
