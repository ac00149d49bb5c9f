// ConnPool: upstream connections to ONE endpoint, of ONE worker, and the requests that wait for
// one. Thread: that worker. Lifetime: the host's; a pool of special needs goes when it is idle.
// Never blocks. Two requests share a connection only if they come to the same pool, which means
// that all of these are equal:
// - cluster (with its protocol options) and endpoint (address, hostname),
// - priority and PoolKind,
// - transport socket: plain, or one TLS context and the PROXY protocol version,
// - the version of the TLS context's slot: a renewed certificate makes new connections,
// - ConnectionNeeds: SNI, ALPN, verified names, source address and mark, the PROXY header octet by
//   octet, filter state that is shared with the upstream connection, and the downstream connection
//   where the cluster asks for a pool for each.
// What the cluster says for all of its connections is in the first: client certificate,
// verification, socket options and source address, keepalive. A version of the cluster takes the
// pools of the one before it over only if all of that is unchanged (connection_identity). Some of
// it may be of the endpoint: transport_socket_matches give hosts of one cluster sockets that
// differ, and a host whose socket changes is another host.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "api/http/codec.h"
#include "api/net/address.h"
#include "proxy/upstream/connection_needs.h"
#include "proxy/upstream/host.h"

namespace outrigger::upstream {

class ClientConnection;
class ConnPool;
class WorkerCluster;

enum class PoolFailure : uint8_t {
  overflow,
  connection_failure,  // `detail` says what the system said
  connect_timeout,
  transport_failure  // TLS, secrets: `detail` is the transport's own reason, may be empty
};

// A request that wants a stream. It asks WorkerCluster::pool() anew for each attempt: an idle pool
// of special needs is gone at the end of the turn. Exactly one of on_pool_ready and on_pool_failure
// is called, unless it is cancelled or destroyed before.
class PoolWaiter {
 public:
  virtual void on_pool_ready(ClientConnection& connection) = 0;
  // `detail` is static or valid for the call.
  virtual void on_pool_failure(PoolFailure failure, std::string_view detail) = 0;
  void cancel_wait();
  bool waiting() const { return pool_ != nullptr; }

 protected:
  PoolWaiter() = default;
  PoolWaiter(const PoolWaiter&) = delete;
  PoolWaiter& operator=(const PoolWaiter&) = delete;
  ~PoolWaiter() { cancel_wait(); }

 private:
  friend class ConnPool;
  ConnPool* pool_ = nullptr;
  PoolWaiter* next_ = nullptr;
  PoolWaiter* prev_ = nullptr;
  bool fresh_ = false;
};

class ConnPool {
 public:
  // The host has an owner.
  ConnPool(Host& host, bool high_priority, PoolKind kind, const ConnectionNeeds& needs = {});
  ~ConnPool();
  ConnPool(const ConnPool&) = delete;
  ConnPool& operator=(const ConnPool&) = delete;

  // False: the limit of pools is reached, and this one has neither connections nor waiters. Asked
  // for by those who have an answer of their own for it; for others the request overflows.
  bool admit();
  // May call the waiter back before it returns. `fresh`: not on a connection that has carried a
  // request before, unless the limits allow no new one.
  void request_stream(PoolWaiter& waiter, bool fresh);
  // Ends every connection now.
  void close_all();
  // What is open takes no new stream and closes with its last one. Who waits is served.
  void drain();
  bool idle() const { return connections_.empty() && waiters_ == 0; }
  // Another one after an update of the configuration that leaves connections as they are.
  WorkerCluster& cluster() { return *host_.owner; }
  Host& host() { return host_; }
  bool high_priority() const { return high_priority_; }
  PoolKind kind() const { return kind_; }
  // Its connections are known or believed to speak HTTP/2.
  bool http2() const {
    return kind_ == PoolKind::http2 || (kind_ == PoolKind::alpn && learned_http2_);
  }
  const ConnectionNeeds& needs() const { return needs_ == nullptr ? no_needs() : *needs_; }
  // What tells it from the host's other pools of special needs.
  static std::string key_of(bool high_priority, PoolKind kind, std::string identity);
  std::string key() const { return key_of(high_priority_, kind_, needs().identity()); }

  // From the pool's connections.
  // The handshake agreed on HTTP/2, or did not: what the next ones are expected to speak.
  void learn_protocol(bool http2) { learned_http2_ = http2; }
  void on_connected(ClientConnection& connection);
  void on_connect_failed(ClientConnection& connection, PoolFailure failure,
                         std::string_view detail);
  // The connection may carry another stream now.
  void on_available(ClientConnection& connection);
  void on_unavailable(ClientConnection& connection);
  // An open connection is over: the loop destroys it, waiters get another.
  void on_closed(ClientConnection& connection);

 private:
  friend class PoolWaiter;
  void remove(ClientConnection& connection);
  void enqueue(PoolWaiter& waiter);
  void dequeue(PoolWaiter& waiter);
  void open_connections();
  bool wants_connection() const;
  void serve_waiters();
  ClientConnection* find_for(const PoolWaiter& waiter);
  void give(ClientConnection& connection, PoolWaiter& waiter);
  void fail_waiters(PoolFailure failure, std::string_view detail);
  ClientConnection* find_available(bool fresh);
  bool open_connection();
  void drain_if_renewed();
  void note_idle();
  bool host_is_full() const;
  static const ConnectionNeeds& no_needs();

  Host& host_;
  bool high_priority_;
  PoolKind kind_;
  bool learned_http2_ = false;
  bool dying_ = false;
  bool counted_ = false;                    // among the cluster's pools
  uint64_t tls_version_ = 0;                // of the slot when the last connection was made
  std::unique_ptr<ConnectionNeeds> needs_;  // nullptr: nothing special
  std::vector<std::unique_ptr<ClientConnection>> connections_;
  std::vector<ClientConnection*>
      available_;  // the most recently used last: it is taken first, the others may time out
  PoolWaiter* first_waiter_ = nullptr;
  PoolWaiter* last_waiter_ = nullptr;
  size_t waiters_ = 0;
  size_t connecting_ = 0;
};

}  // namespace outrigger::upstream
