// ListenerShare: what the workers' copies of one listener have in common: its configuration but for
// the filter chains, which may change while it lives (chain_set.h), its connection counts, the
// balance between workers. ProcessConnections: the counts of all listeners. Thread: the main thread
// makes it; from then on immutable but for counts and balancer, which any worker uses. Lifetime:
// longer than the listeners and their connections.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "api/config/listener.h"
#include "api/net/connection_count.h"
#include "proxy/runtime/loop.h"

namespace outrigger::net {

class Listener;

class ProcessConnections {
 public:
  explicit ProcessConnections(unsigned workers);
  // Of a listener that is under the limit of the process, or ignores it.
  ConnectionCount& of(unsigned worker, bool limited) {
    return limited ? limited_[worker] : all_[worker];
  }
  int64_t total() const;
  // The limit that the configuration has, before listeners open. Without one it is the runtime's.
  void set_limit(int64_t limit) { limit_ = limit; }
  const std::optional<int64_t>& limit() const { return limit_; }
  bool at_limit() const;

 private:
  std::vector<ConnectionCount> all_;
  std::vector<ConnectionCount> limited_;  // a part of them
  std::optional<int64_t> limit_;
};

class ListenerShare : public std::enable_shared_from_this<ListenerShare> {
 public:
  ListenerShare(const config::Listener& config, unsigned workers, ProcessConnections& process);

  // Without filter chains: who holds it for a connection's sake does not hold them.
  const config::ListenerPtr& config() const { return config_; }
  ProcessConnections& process() { return process_; }

  // Counts: of one worker, of all.
  ConnectionCount& count(unsigned worker) { return counts_[worker]; }
  int64_t open_connections() const;

  // Exact balance: the workers that listen.
  void join(unsigned worker, runtime::Loop& loop, Listener& listener);
  void leave(unsigned worker);
  // Gives the descriptor to the worker with the fewest connections, where it is counted from now
  // on. false: that is `own`, who keeps it, not counted.
  bool hand_over(unsigned own, int fd, const Address& remote);

 private:
  struct Member {
    runtime::Loop* loop = nullptr;
    Listener* listener = nullptr;  // its worker's thread uses it
  };
  unsigned least_loaded(unsigned own) const;
  Listener* member(unsigned worker) const;

  config::ListenerPtr config_;
  ProcessConnections& process_;
  std::vector<ConnectionCount> counts_;
  mutable std::mutex members_mutex_;  // only with exact balance, once a connection
  std::vector<Member> members_;
};

}  // namespace outrigger::net
