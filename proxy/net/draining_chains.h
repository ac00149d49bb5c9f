// DrainingChains: filter chains that a listener has no more, on ONE worker, until their last
// connection is gone; at the end of the drain time what is left is closed. Thread: that worker.
// Lifetime: its listener's list, then the end of the turn.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "api/config/listener.h"
#include "proxy/net/chain_handler.h"
#include "proxy/runtime/loop.h"
#include "proxy/tls/server_context.h"

namespace outrigger::net {

// A filter chain on one worker. Its parts are made when its first connection comes.
struct WorkerChain {
  config::FilterChainPtr config;
  std::unique_ptr<tls::ServerContext> tls;  // nullptr: plain, or no connection yet
  std::unique_ptr<ChainHandler> end;        // nullptr: no connection yet
};

class DrainingChains final : public runtime::Deferred {
 public:
  // `drained` is called once, last: it may give this object to Loop::defer_delete.
  DrainingChains(runtime::Loop& loop, std::vector<WorkerChain> chains,
                 std::chrono::milliseconds drain_time,
                 std::function<void(DrainingChains&)> drained);

  void drain(DrainPace pace);
  void close_all();
  size_t connection_count() const;

 private:
  void look();

  runtime::Loop& loop_;
  std::vector<WorkerChain> chains_;
  runtime::MonotonicTime deadline_;
  std::function<void(DrainingChains&)> drained_;
  runtime::Timer timer_;
};

}  // namespace outrigger::net
