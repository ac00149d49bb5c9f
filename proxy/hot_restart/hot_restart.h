// HotRestart: this process's place in a row of processes that take over from each other:
// --base-id names the row, --restart-epoch the place. Thread: main. Lifetime: the server's; what
// Parts refers to outlives it. Behaviour:
// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/operations/hot_restart
#pragma once

#include <memory>
#include <optional>

#include "absl/status/status.h"

#include "proxy/hot_restart/predecessor.h"
#include "proxy/hot_restart/successor.h"

namespace outrigger::hot_restart {

struct Settings {
  MeetingPlace place;
  uint32_t epoch = 0;
  bool any_base_id = false;    // --use-dynamic-base-id: one that nobody has
  bool base_id_given = false;  // otherwise a row that is taken already is no error
  bool go_without_predecessor = false;
  bool take_stats = true;
  std::string base_id_path;  // the base id is written there; empty: nowhere
  std::chrono::milliseconds shutdown_time{0};
};

class HotRestart final : public net::SocketSource {
 public:
  HotRestart(boost::asio::io_context& io, Settings settings, Host& host,
             const observe::StatsStore& stats);

  // Before anything is opened: takes the place, meets the predecessor, whose administration
  // interface makes way for ours.
  absl::Status start();
  // SocketSource: what the predecessor has; after a successor that is gone, what it had from us.
  std::optional<int> take(const net::Address& address, unsigned worker) override;
  void go_live() {
    if (predecessor_ != nullptr) predecessor_->go_live();
  }
  // We have been replaced.
  void note_handed_over() {
    if (predecessor_ != nullptr) predecessor_->note_superseded();
  }
  // The process ends.
  void stop();

 private:
  absl::StatusOr<int> take_place();
  absl::Status meet_predecessor();

  boost::asio::io_context& io_;
  Settings settings_;
  Host& host_;
  const observe::StatsStore& stats_;
  std::unique_ptr<Predecessor> predecessor_;  // nullptr: there is none
  std::unique_ptr<SuccessorPort> successor_;
};

}  // namespace outrigger::hot_restart
