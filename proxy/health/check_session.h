// CheckSession: asks ONE endpoint again and again whether it is healthy, and keeps its flags. What
// a check is (HTTP, TCP, gRPC) is a subclass's. Thread: the loop's. Lifetime: its HealthChecker's;
// the loop destroys it at the end of the turn in which it is given up.
//
//   waiting --interval--> asking --answer, timeout, end of the connection--> waiting
//
// An endpoint changes its state after as many equal results in a row as the thresholds say; the
// first result of all counts at once if it is good, and so does a failure that is no network's.
// Semantics: envoy.config.core.v3.HealthCheck.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "api/config/cluster.h"
#include "api/config/runtime_snapshot.h"
#include "api/stats_cluster.h"
#include "proxy/health/check_connector.h"
#include "proxy/runtime/loop.h"
#include "proxy/upstream/host_state.h"

namespace outrigger::health {

enum class FailureKind : uint8_t {
  active,   // it answered, and not well
  passive,  // a response to a request said so
  network,
  network_timeout
};

enum class Transition : uint8_t {
  unchanged,
  pending,  // more results like this are needed
  changed
};

struct CheckNote {
  enum class Event : uint8_t {
    eject_unhealthy,
    add_healthy,
    success,
    failure,
    degraded,
    no_longer_degraded
  };
  Event event;
  FailureKind failure = FailureKind::active;
  bool first = false;
};

// The event log.
class CheckEvents {
 public:
  virtual void on_event(const config::Cluster& cluster, const config::HealthCheck& check,
                        const upstream::HostState& host, const CheckNote& note) = 0;

 protected:
  ~CheckEvents() = default;
};

// What the sessions of one checker share.
struct CheckContext {
  runtime::Loop& loop;
  config::ClusterPtr cluster;
  std::shared_ptr<const config::HealthCheck> check;
  std::function<uint64_t()> random;
  CheckEvents* events = nullptr;  // nullptr: nobody wants to know
  // After each result. The session may be given up from inside.
  std::function<void(upstream::HostState&, Transition, bool healthy)> on_result;
  config::RuntimeSnapshotPtr runtime = {};  // may be nullptr; changes
};

class CheckSession : public runtime::Deferred {
 public:
  CheckSession(CheckContext& context, upstream::HostStatePtr host);
  ~CheckSession() override;

  void start();
  // No callback follows; the endpoint is no longer counted.
  void give_up();
  // A response to a request said that it must not be used.
  void refuse();
  bool checked() const { return !first_; }
  const upstream::HostStatePtr& host() const { return host_; }

 protected:
  // Asks; connects if there is no connection.
  virtual void ask() = 0;
  // What is under way is given up, with its connection.
  virtual void drop() = 0;
  // Once for each ask().
  void succeed(bool degraded);
  void fail(FailureKind kind, bool retriable = false);
  bool asking() const { return asking_; }

  const config::Endpoint& endpoint() const { return *host_->endpoint; }
  CheckContext& context() const { return context_; }
  const config::HealthCheck& check() const { return *context_.check; }

 private:
  void on_interval();
  void on_timeout();
  Transition note_failure(FailureKind kind, bool retriable);
  Transition end_pending(Transition transition);
  Transition become_healthy();
  Transition note_degraded(bool degraded, Transition transition);
  void note(CheckNote::Event event, FailureKind failure = FailureKind::active, bool first = false);
  bool has_traffic() const;
  std::chrono::milliseconds next_interval(bool healthy, Transition transition) const;
  std::chrono::milliseconds spread(std::chrono::milliseconds base,
                                   std::chrono::milliseconds jitter) const;
  void report(Transition transition, bool healthy);

  CheckContext& context_;
  upstream::HostStatePtr host_;
  HealthCheckStats& stats_;
  uint32_t good_in_row_ = 0;
  uint32_t bad_in_row_ = 0;
  bool first_ = true;  // nothing is known yet
  bool asking_ = false;
  bool over_ = false;
  runtime::Timer interval_;
  runtime::Timer timeout_;
};

std::unique_ptr<CheckSession> make_session(CheckContext& context, CheckConnector& connector,
                                           upstream::HostStatePtr host);

}  // namespace outrigger::health
