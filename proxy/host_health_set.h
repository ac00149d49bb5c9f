// HostHealthSet: outlier detection and active health checks of every cluster that has them: the
// states of their endpoints, which workers write into, and what is decided by them: on reports of
// the workers, in intervals, by what checks find. Thread: main. Lifetime: the server's; the
// io_context and the loop outlive it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <unordered_map>

#include "boost/asio/io_context.hpp"

#include "api/config/cluster.h"
#include "api/config/runtime_snapshot.h"
#include "proxy/health/health_checker.h"
#include "proxy/upstream/host_state.h"
#include "proxy/upstream/outlier_detector.h"

namespace outrigger {

class HostHealthSet {
 public:
  using EndpointSetPtr = std::shared_ptr<const config::EndpointSet>;
  // The health of some of the slot's endpoints changed.
  using Changed = std::function<void(uint32_t slot)>;
  HostHealthSet(boost::asio::io_context& io, Changed changed);
  ~HostHealthSet();
  HostHealthSet(const HostHealthSet&) = delete;
  HostHealthSet& operator=(const HostHealthSet&) = delete;

  // All of these for clusters that are set from then on.
  void set_events(upstream::OutlierEvents* outliers, health::CheckEvents* checks);
  // Where checks run; `wake` is called before the loop's objects are, from outside its turns.
  // Without it there are no checks.
  void set_loop(runtime::Loop& loop, std::function<void()> wake);
  void set_runtime(const config::RuntimeSnapshotPtr& runtime);

  // The slot's cluster and endpoints are these from now on: what is known of each of them. An
  // endpoint that stays in the same version of the cluster keeps what is known. nullptr: the
  // cluster neither watches nor asks its endpoints.
  upstream::HostStatesPtr set(const config::ClusterPtr& cluster,
                              const config::EndpointSet& endpoints);
  // `wanted`, and those of `before` that it has no more but whose checks still succeed.
  EndpointSetPtr keep_passing(const config::ClusterPtr& cluster, const config::EndpointSet* before,
                              const EndpointSetPtr& wanted);
  void remove(uint32_t slot);

  // A version that is not in force yet begins to ask its endpoints; `ready` is called once, maybe
  // at once: each was asked. What is known goes over to set() of the same version.
  void warm(const config::ClusterPtr& cluster, const config::EndpointSet& endpoints,
            std::function<void()> ready);
  void abandon(uint32_t slot) { warming_.erase(slot); }
  // The same of the version in force.
  void when_checked(uint32_t slot, std::function<void()> ready);

 private:
  struct Watched;
  using WatchedPtr = std::shared_ptr<Watched>;
  WatchedPtr watch(const config::ClusterPtr& cluster);
  void start_detector(const WatchedPtr& watched);
  void start_checker(const WatchedPtr& watched);
  void start_interval(const WatchedPtr& watched);
  void on_result(Watched& watched, upstream::HostState& host, health::Transition transition,
                 bool healthy);
  upstream::HostStatesPtr put(Watched& watched, const config::EndpointSet& endpoints);
  upstream::HostStatePtr make_state(const Watched& watched, const config::EndpointPtr& endpoint);

  boost::asio::io_context& io_;
  Changed changed_;
  upstream::OutlierEvents* outlier_events_ = nullptr;
  health::CheckEvents* check_events_ = nullptr;
  runtime::Loop* loop_ = nullptr;
  std::function<void()> wake_;
  config::RuntimeSnapshotPtr runtime_;
  std::mt19937_64 random_;
  std::unordered_map<uint32_t, WatchedPtr> clusters_, warming_;  // by slot
};

}  // namespace outrigger
