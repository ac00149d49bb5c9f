// Loop: the one interface of a worker to sockets, timers and other threads. The data plane calls
// the operating system only through it, so that an io_uring engine or a simulated network can take
// its place. Thread: the worker's, except post() and stop(). A turn: wait, deliver what arrived,
// run due timers, flush outputs, delete what was given up.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "api/arena.h"
#include "api/net/address.h"
#include "api/stats_server.h"
#include "proxy/runtime/slab.h"
#include "proxy/runtime/timer_wheel.h"
#include "proxy/runtime/transport.h"

namespace outrigger::runtime {

using SystemTime = std::chrono::system_clock::time_point;

// Something that may still be on the stack when it is given up; the loop destroys it at the end of
// the turn.
class Deferred {
 public:
  virtual ~Deferred() = default;
};

// Something to do before the turn ends, when the callbacks that asked for it have returned.
// Destroying it cancels.
class TurnTask {
 public:
  using Callback = void (*)(void*);
  TurnTask(Callback callback, void* context) : callback_(callback), context_(context) {}
  TurnTask(const TurnTask&) = delete;
  TurnTask& operator=(const TurnTask&) = delete;
  ~TurnTask() { cancel(); }
  void cancel() {
    if (place_ != nullptr) *place_ = nullptr;
    place_ = nullptr;
  }
  bool queued() const { return place_ != nullptr; }

 private:
  friend class TurnTasks;
  Callback callback_;
  void* context_;
  TurnTask** place_ = nullptr;
};

class TurnTasks {
 public:
  void add(TurnTask& task) {
    if (task.queued()) return;
    tasks_.push_back(&task);  // a deque: places stay where they are
    task.place_ = &tasks_.back();
  }
  bool empty() const { return tasks_.empty(); }
  void run() {
    while (!tasks_.empty()) {
      TurnTask* task = tasks_.front();
      if (task != nullptr) {
        task->cancel();
        task->callback_(task->context_);
      }
      tasks_.pop_front();
    }
  }

 private:
  std::deque<TurnTask*> tasks_;
};

struct ConnectOptions;

class AcceptHandler {
 public:
  virtual void on_accept(std::unique_ptr<Transport> transport) = 0;
  // Before there is a transport: true if the handler has taken the descriptor over, to close it or
  // to hand it to another worker, which makes a transport of it by Loop::adopt().
  virtual bool take_descriptor(int /*fd*/, const net::Address& /*remote*/) { return false; }
  // A socket event led to this many connections.
  virtual void on_accept_event(uint32_t /*connections*/) {}

 protected:
  ~AcceptHandler() = default;
};

class Acceptor {
 public:
  virtual ~Acceptor() = default;  // closes the listening socket
  virtual net::Address local_address() const = 0;
  virtual int descriptor() const = 0;
  // Takes what waits in the socket's queue now: closing the socket would reset it.
  virtual void accept_waiting() = 0;
};

// Where connections to an internal address end: the worker's internal listeners.
class InternalConnector {
 public:
  // As Loop::connect.
  virtual absl::StatusOr<std::unique_ptr<Transport>> connect_internal(
      const ConnectOptions& options, TransportHandler& handler) = 0;

 protected:
  ~InternalConnector() = default;
};

struct ListenOptions {
  net::Address address;
  uint32_t backlog = 4096;
  bool reuse_port = true;
  bool ipv6_only = true;
  bool mptcp = false;
  std::optional<uint32_t> unix_mode;  // permissions of a Unix socket; absent: the umask's
  // The descriptor of a listening socket of another worker, to accept from as well; everything else
  // but max_accepts_per_event is then that socket's.
  std::optional<int> shared;
  bool transparent = false;
  bool freebind = false;
  std::optional<uint32_t> tcp_fast_open;  // length of its queue
  std::vector<net::SocketOption> socket_options;
  uint32_t max_accepts_per_event = 64;  // then the other sockets have a turn
};

struct ConnectOptions {
  net::Address address;
  bool keepalive = false;
  std::optional<uint32_t> keepalive_probes, keepalive_time_s, keepalive_interval_s;
  net::Address source;       // invalid: the system chooses
  bool transparent = false;  // `source` may be somebody else's address
  bool freebind = false;
  uint32_t mark = 0;  // SO_MARK; 0: none
  std::vector<net::SocketOption> socket_options;
};

class Loop {
 public:
  virtual ~Loop() = default;
  // The time of this turn.
  MonotonicTime now() const { return now_; }
  SystemTime system_now() const { return system_now_; }
  TimerWheel& timers() { return timers_; }
  ChunkPool& chunks() { return chunks_; }
  SlabPool& slabs() { return slabs_; }
  // Runs the task in this turn, after events and timers, before outputs are flushed.
  void run_soon(TurnTask& task) { soon_.add(task); }

  virtual absl::StatusOr<std::unique_ptr<Acceptor>> listen(const ListenOptions& options,
                                                           AcceptHandler& handler) = 0;
  // on_connected or on_closed follows, never from inside the call. An error that the system tells
  // at once is returned.
  virtual absl::StatusOr<std::unique_ptr<Transport>> connect(const ConnectOptions& options,
                                                             TransportHandler& handler) = 0;
  // A transport for a connected socket that another worker accepted; takes the descriptor over.
  virtual std::unique_ptr<Transport> adopt(int fd, const net::Address& remote) = 0;
  // connect() to an internal address goes there. nullptr: there are no internal listeners.
  void set_internal_connector(InternalConnector* connector) { internal_ = connector; }
  // From now on each turn is measured, at the cost of two more looks at the clock. Before run().
  void measure(DispatcherStats* stats) { measured_ = stats; }
  // Runs `task` on the loop's thread in one of its next turns. Any thread.
  virtual void post(std::function<void()> task) = 0;
  virtual void defer_delete(std::unique_ptr<Deferred> object) = 0;
  // Destroys what was given up; for the end, when no turn will do it any more.
  virtual void collect_deferred() = 0;
  virtual void run() = 0;
  virtual void stop() = 0;  // any thread: run() returns after the turn

 protected:
  explicit Loop(MonotonicTime start) : now_(start), timers_(start) {}

  // Declared first, destroyed last: what the loop owns may hold chunks and slabs.
  ChunkPool chunks_;
  SlabPool slabs_;
  MonotonicTime now_;
  SystemTime system_now_{};
  TurnTasks soon_;
  TimerWheel timers_;
  InternalConnector* internal_ = nullptr;
  DispatcherStats* measured_ = nullptr;
};

// The epoll engine: edge-triggered, every socket registered once, writes at once and gathers.
std::unique_ptr<Loop> make_epoll_loop();

}  // namespace outrigger::runtime
