// ConnPool: upstream connections to ONE endpoint, of ONE worker, priority and protocol, and the
// requests that wait for one. Thread: that worker. Lifetime: the host's. Never blocks. Two requests
// share a connection only if they come to the same pool: same cluster (address, protocol options,
// transport socket), same priority.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "api/http/codec.h"
#include "api/net/address.h"
#include "proxy/upstream/host.h"

namespace outrigger::upstream {

class ClientConnection;
class ConnPool;
class WorkerCluster;

enum class PoolFailure : uint8_t {
  overflow,
  connection_failure,
  connect_timeout
};

// A request that wants a stream. Exactly one of on_pool_ready and on_pool_failure is called, unless
// it is cancelled or destroyed before.
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
  ConnPool(WorkerCluster& cluster, Host& host, bool high_priority, PoolKind kind);
  ~ConnPool();
  ConnPool(const ConnPool&) = delete;
  ConnPool& operator=(const ConnPool&) = delete;

  // May call the waiter back before it returns. `fresh`: not on a connection that has carried a
  // request before, unless the limits allow no new one.
  void request_stream(PoolWaiter& waiter, bool fresh);
  // Ends every connection now.
  void close_all();
  WorkerCluster& cluster() { return cluster_; }
  Host& host() { return host_; }
  bool high_priority() const { return high_priority_; }
  PoolKind kind() const { return kind_; }
  bool http2() const { return kind_ == PoolKind::http2; }

  // From the pool's connections.
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
  void serve_waiters();
  ClientConnection* find_for(const PoolWaiter& waiter);
  void give(ClientConnection& connection, PoolWaiter& waiter);
  void fail_waiters(PoolFailure failure, std::string_view detail);
  ClientConnection* find_available(bool fresh);
  bool open_connection();

  WorkerCluster& cluster_;
  Host& host_;
  bool high_priority_;
  PoolKind kind_;
  std::vector<std::unique_ptr<ClientConnection>> connections_;
  std::vector<ClientConnection*>
      available_;  // the most recently used last: it is taken first, the others may time out
  PoolWaiter* first_waiter_ = nullptr;
  PoolWaiter* last_waiter_ = nullptr;
  size_t waiters_ = 0;
  size_t connecting_ = 0;
};

}  // namespace outrigger::upstream
