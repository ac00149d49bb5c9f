// Call: one gRPC call over an upstream connection. CallHandle: who made it holds this one.
// Thread: that of the cluster table. Lifetime: the call's own: until it is over and its handle
// gone; then the loop destroys it at the end of the turn.
//
//   queued --turn--> waiting --pool ready--> open --status, failure, deadline--> closed
//   any state --handle destroyed--> closed, without a callback
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/grpc/client.h"
#include "api/http/codec.h"
#include "proxy/grpc/client_factory.h"
#include "proxy/grpc/frames.h"
#include "proxy/upstream/cluster_table.h"
#include "proxy/upstream/conn_pool.h"

namespace outrigger::grpc {

class Call final : public runtime::Deferred,
                   private upstream::PoolWaiter,
                   private http::StreamHandler {
 public:
  Call(ClusterClients& clients, config::GrpcService service, std::string_view method,
       grpc::StreamHandler& handler, const CallOptions& options);
  ~Call() override;

  void send(std::string_view message);
  void close_sending();
  size_t unsent() const;
  // The handle is gone.
  void abandon();
  ClusterClients& clients() { return clients_; }

 private:
  enum class State : uint8_t {
    queued,
    waiting,
    open,
    closed
  };

  // PoolWaiter
  void on_pool_ready(upstream::ClientConnection& connection) override;
  void on_pool_failure(upstream::PoolFailure failure, std::string_view detail) override;
  // http::StreamHandler
  Arena& arena() override { return arena_; }
  void on_headers(http::HeaderMap& headers, bool end_stream) override;
  void on_body(Bytes body, bool end_stream) override;
  void on_trailers(http::HeaderMap& trailers) override;
  void on_reset(http::ResetReason reason, std::string_view detail) override;
  void on_stream_closed() override;

  void begin();
  void request_stream(upstream::WorkerCluster& cluster);
  void on_deadline();
  void take_status(const http::HeaderMap& trailers);
  void count_answer(int http_status);
  void finish(Code code, std::string message);
  void leave_connection();
  void tell();

  ClusterClients& clients_;
  config::GrpcService service_;
  CallOptions options_;
  std::string method_;
  grpc::StreamHandler* handler_;  // nullptr: the handle is gone
  State state_ = State::queued;
  Arena arena_;
  http::HeaderMap head_;
  upstream::WorkerClusterRef cluster_;
  upstream::HostRef host_;
  upstream::ClientConnection* connection_ = nullptr;
  http::StreamEncoder* encoder_ = nullptr;
  std::string unsent_;  // framed; until there is a stream
  MessageReader reader_;
  runtime::MonotonicTime began_;
  runtime::Timer deadline_;
  runtime::TurnTask task_;  // begins the call, then tells its end
  Code code_ = Code::ok;
  std::string message_;
  int http_status_ = 0;  // 0: no answer yet
  bool sending_closed_ = false;
  bool answered_ = false;  // in full
};

class CallHandle final : public Stream {
 public:
  explicit CallHandle(Call* call) : call_(call) {}
  ~CallHandle() override {
    call_->clients().wake();
    call_->abandon();
  }
  void send(std::string message) override {
    call_->clients().wake();
    call_->send(message);
  }
  void close_sending() override {
    call_->clients().wake();
    call_->close_sending();
  }
  size_t unsent() const override { return call_->unsent(); }

 private:
  Call* call_;  // lives until abandon()
};

}  // namespace outrigger::grpc
