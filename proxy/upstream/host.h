// Host: what ONE worker knows of one endpoint: its statistics, its load, its connection pools.
// HostRef: keeps a host that an update of the endpoints may remove meanwhile. Thread: that worker
// (the count is not atomic). Lifetime: while the cluster has it, a HostRef names it, or one of its
// connections is open.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "api/config/cluster.h"
#include "api/stats_cluster.h"
#include "api/stream_info.h"
#include "proxy/upstream/host_state.h"

namespace outrigger::upstream {

class ConnPool;
class WorkerCluster;

// What a pool's connections speak.
enum class PoolKind : uint8_t {
  http1,
  http2,
  alpn,   // HTTP: what the TLS handshake agrees on
  tunnel  // octets: of a CONNECT that ends here, of a TCP connection
};
constexpr size_t kPoolKinds = 4;

// The zone of some hosts, and how their responses are counted for it.
struct HostZone {
  std::string name;
  StatsScopePtr stats;  // ClusterCodeStats; made with the first response
};

struct Host {
  Host(config::EndpointPtr endpoint_in, unsigned worker, config::TransportSocketPtr socket = {});
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  uint32_t weight() const { return endpoint->weight; }
  // This worker's, made on first use: of many hosts few are in use.
  HostStats& stats() {
    if (stats_ == nullptr) stats_ = &stats_scope->local<HostStats>(worker_);
    return *stats_;
  }
  // Those that there are.
  std::vector<ConnPool*> all_pools() const;
  // A pool has connections or waiters.
  bool busy() const;

  // From now on; streams that hold the host may still name what it was before.
  void set_endpoint(const config::EndpointPtr& next);
  // What is known of it, from now on; nullptr: nobody watches or asks it. True: it was found
  // unhealthy since the last time.
  bool set_state(const HostStatePtr& next);

  // After set_endpoint and set_state.
  void note_service(MonotonicTime now);

  // What requests and connections met, for outlier detection.
  void note_response(int code) {
    if (results != nullptr) state->note_response(*results, code);
  }
  void note_failure(HostState::Failure failure) {
    if (results != nullptr) state->note_failure(*results, failure);
  }
  void note_connected() {
    if (results != nullptr) state->note_connected(*results);
  }
  void note_connected_at_last() {
    if (results != nullptr) state->note_connected_at_last(*results);
  }
  // It asked not to be used any more.
  void note_refusal() {
    if (state != nullptr) state->note_refusal();
  }

  WorkerCluster* owner =
      nullptr;  // whose pools it has; the next version of a cluster takes it over
  config::EndpointPtr endpoint;
  std::vector<config::EndpointPtr> former;
  config::TransportSocketPtr transport_socket;
  StatsScopePtr stats_scope;
  std::shared_ptr<HostZone> zone;  // nullptr: not known
  HostStatePtr state;
  OutlierResults* results = nullptr;  // this worker's of `state`
  // As the balancer saw it last: by the endpoint and by its state.
  config::Endpoint::Health health = config::Endpoint::Health::healthy;
  bool found_bad = false;        // by watching or asking it
  bool excluded = false;         // does not count when it is asked how many of all are healthy
  MonotonicTime serves_since{};  // for slow start: an ejection is no interruption
  bool serves = false;
  // What its load reports are worth, and when the first and the last of them came; 0: none.
  struct ReportedWeight {
    uint32_t weight = 0;
    uint32_t used = 0;  // by the balancer: of the reports, or what others report; 0: configured
    MonotonicTime first{}, last{};
  } reported;
  // As subsets have it in their tables, and whether it was otherwise before the last update.
  struct Tabled {
    config::EndpointPtr endpoint;
    config::Endpoint::Health health = config::Endpoint::Health::healthy;
    bool excluded = false;
    const void* owner = nullptr;  // whose tables, and since which update of them it is there
    uint64_t update = 0;
    std::vector<void*> subsets = {};  // that it is in; the owner's
  };
  std::unique_ptr<Tabled> tabled;
  bool changed = false;
  uint32_t priority = 0;
  uint32_t active_requests = 0;
  uint32_t references = 0;  // HostRef's
  bool removed = false;     // no longer among the cluster's endpoints
  bool retired = false;     // the cluster keeps it for its connections
  bool used = false;        // ORIGINAL_DST: since the last cleanup
  struct Pools {
    std::array<std::array<std::unique_ptr<ConnPool>, kPoolKinds>, 2> plain;  // [priority][PoolKind]
    // Those with needs of their own, by ConnPool::key(); gone when they are idle.
    std::unordered_map<std::string, std::unique_ptr<ConnPool>> special;
  };
  std::unique_ptr<Pools> pools;  // made with the first request

 private:
  HostStats* stats_ = nullptr;
  unsigned worker_;
};

class HostRef {
 public:
  HostRef() = default;
  HostRef(Host* host) : host_(host) {  // NOLINT: a reference to what a pointer names
    if (host_ != nullptr) ++host_->references;
  }
  HostRef(const HostRef& other) : HostRef(other.host_) {}
  HostRef(HostRef&& other) noexcept : host_(std::exchange(other.host_, nullptr)) {}
  HostRef& operator=(HostRef other) noexcept {
    std::swap(host_, other.host_);
    return *this;
  }
  ~HostRef() {
    if (host_ != nullptr && --host_->references == 0) delete host_;
  }
  Host* get() const { return host_; }
  Host* operator->() const { return host_; }
  Host& operator*() const { return *host_; }
  operator Host*() const { return host_; }  // NOLINT: borrowed for the call

 private:
  Host* host_ = nullptr;
};

// The first socket of transport_socket_matches whose criteria the endpoint's metadata has, or the
// cluster's own. nullptr in `match`: none matched.
struct TransportSocketChoice {
  const config::TransportSocketPtr* socket;
  const config::TransportSocketMatch* match;
};
TransportSocketChoice choose_transport_socket(const config::Cluster& cluster,
                                              const config::Endpoint& endpoint);

}  // namespace outrigger::upstream
