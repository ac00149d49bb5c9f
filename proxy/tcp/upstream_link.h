// UpstreamLink: a TCP connection's way to its upstream: one stream of the pool's connections, of
// octets, or a CONNECT over HTTP. Thread: one worker. Lifetime: the TcpConnection's; used again for
// the next attempt. Destroying it gives the attempt up.
//
//   idle --start--> waiting --pool ready--> asking (CONNECT only) --2xx--> open
//   open --both sides ended--> idle;  waiting, asking, open --failure, give_up--> idle
#pragma once

#include <memory>
#include <string_view>

#include "api/http/codec.h"
#include "proxy/upstream/client_connection.h"
#include "proxy/upstream/conn_pool.h"

namespace outrigger::tcp {

class UpstreamLinkOwner {
 public:
  virtual Arena& arena() = 0;
  virtual http::WireBytes& upstream_wire() = 0;
  // Octets may be sent. `head`: the answer to a CONNECT; nullptr: there was none.
  virtual void on_upstream_ready(const http::HeaderMap* head) = 0;
  // There is no connection, or the CONNECT was refused. The link is idle: it may be started again.
  virtual void on_upstream_failed(upstream::PoolFailure failure, std::string_view detail) = 0;
  virtual void on_upstream_data(Bytes bytes, bool end_stream) = 0;
  virtual void on_upstream_trailers(const http::HeaderMap& trailers) = 0;
  // The connection was cut after it was ready.
  virtual void on_upstream_cut(http::ResetReason reason, std::string_view detail) = 0;
  // Both sides have ended, and what was sent is with the transport. The link is idle.
  virtual void on_upstream_done() = 0;
  // It takes no more for now / does again.
  virtual void on_upstream_blocked(bool blocked) = 0;
  // The pool has given a connection; what follows is about this one.
  virtual void on_upstream_connection(upstream::ClientConnection& connection) = 0;

 protected:
  ~UpstreamLinkOwner() = default;
};

class UpstreamLink final : private upstream::PoolWaiter, private http::StreamHandler {
 public:
  explicit UpstreamLink(UpstreamLinkOwner& owner) : owner_(owner) {}
  ~UpstreamLink() { give_up(false); }

  // `tunnel_head`: the request that opens the tunnel, until it is answered; nullptr: octets alone.
  // The owner may be called back before it returns.
  void start(upstream::ConnPool& pool, const http::HeaderMap* tunnel_head);
  bool idle() const { return state_ == State::idle; }
  // Only while open.
  void send(Bytes bytes, bool end_stream);
  void pause(bool pause);
  // No callback follows. `reset`: the upstream is to see a RST where the connection is its own.
  void give_up(bool reset);

 private:
  enum class State : uint8_t {
    idle,
    waiting,
    asking,
    open
  };

  // PoolWaiter
  void on_pool_ready(upstream::ClientConnection& connection) override;
  void on_pool_failure(upstream::PoolFailure failure, std::string_view detail) override;
  // StreamHandler
  Arena& arena() override { return scratch_ == nullptr ? owner_.arena() : *scratch_; }
  http::WireBytes* wire_bytes() override { return &owner_.upstream_wire(); }
  void on_headers(http::HeaderMap& headers, bool end_stream) override;
  void on_body(Bytes body, bool end_stream) override;
  void on_trailers(http::HeaderMap& trailers) override;
  void on_reset(http::ResetReason reason, std::string_view detail) override;
  void on_write_blocked() override {
    if (state_ == State::open) owner_.on_upstream_blocked(true);
  }
  void on_write_resumed() override {
    if (state_ == State::open) owner_.on_upstream_blocked(false);
  }
  void on_stream_closed() override;

  void release(bool complete);

  UpstreamLinkOwner& owner_;
  const http::HeaderMap* tunnel_head_ = nullptr;
  upstream::ClientConnection* connection_ = nullptr;
  http::StreamEncoder* encoder_ = nullptr;
  Arena* scratch_ = nullptr;  // only while a connection of octets makes up its head
  State state_ = State::idle;
  bool paused_ = false;
};

}  // namespace outrigger::tcp
