// UpstreamRequest: one attempt to get a response from one host: waits for a stream, sends the
// request, receives the response. Thread: the stream's worker. Lifetime: made in the stream's
// arena, owned by the router or a mirror; destroying it gives the attempt up.
//
//   waiting --pool ready--> open --both directions ended--> closed        waiting, open --failure,
//   give_up--> closed
// After `closed` the owner is not called again.
#pragma once

#include <string>
#include <string_view>

#include "api/arena.h"
#include "api/http/codec.h"
#include "proxy/stream/attempt_filters.h"
#include "proxy/upstream/cluster_table.h"
#include "proxy/upstream/conn_pool.h"

namespace outrigger::upstream {
class ClientConnection;
}

namespace outrigger::stream {

struct UpstreamFailure {
  http::ResetReason reason = http::ResetReason::connection_failure;
  std::string_view detail;       // valid for the call
  bool request_started = false;  // something of it may have reached the upstream
  bool response_started = false;
  bool reused_connection = false;  // the connection was idle after an earlier request
  bool connect_timeout = false;
  std::string_view transport_reason;  // why TLS failed ("TLS_error:..."); valid for the call
  bool transport_failed = false;      // the handshake failed, whether or not it says why
  bool left_behind = false;           // by a GOAWAY: the upstream has not looked at the request

  // The peer ended the connection while the request was on its way: no sign of its health.
  bool met_idle_close() const {
    return reused_connection && !response_started &&
           reason == http::ResetReason::connection_termination;
  }
};

class UpstreamOwner {
 public:
  virtual Arena& arena() = 0;
  // Where an attempt's octets are counted; nullptr: nowhere.
  virtual http::WireBytes* wire_bytes() { return nullptr; }
  virtual void on_upstream_informational(http::HeaderMap& headers) = 0;
  virtual void on_upstream_headers(http::HeaderMap& headers, bool end_stream) = 0;
  virtual void on_upstream_body(Bytes body, bool end_stream) = 0;
  virtual void on_upstream_trailers(http::HeaderMap& trailers) = 0;
  virtual void on_upstream_failure(const UpstreamFailure& failure) = 0;
  // The upstream takes no more of the request's body / does again.
  virtual void on_upstream_blocked(bool blocked) = 0;
  virtual void on_upstream_connected(upstream::ClientConnection& connection,
                                     upstream::Host& host) = 0;
  virtual void on_upstream_request_sent() = 0;

 protected:
  ~UpstreamOwner() = default;
};

class UpstreamRequest final : private upstream::PoolWaiter, private http::StreamHandler {
 public:
  UpstreamRequest(UpstreamOwner& owner, upstream::ConnPool& pool, const http::HeaderMap& headers,
                  bool end_stream, bool upgrade, ArenaPtr<AttemptFilters> filters = {});
  ~UpstreamRequest();

  // Asks the pool; the owner may be called back before it returns.
  void start(bool fresh) { pool_.request_stream(*this, fresh); }
  // Body and trailers wait here until there is a stream; within the owner's limit: it is told to
  // stop by on_upstream_blocked.
  void send_body(Bytes body, bool end_stream);
  void send_trailers(http::HeaderMap& trailers);
  void pause_response(bool pause);
  // Who hears of it from now on.
  void set_owner(UpstreamOwner& owner) { owner_ = &owner; }
  // The part of the body that waited for a stream; it is still there when none was to be had.
  std::string_view unsent() const { return waiting_body_; }
  // nullptr: it has none yet, or has let go of it.
  upstream::ClientConnection* connection() const { return connection_; }
  // No callback follows.
  void give_up(http::ResetReason reason);

 private:
  enum class State : uint8_t {
    waiting,
    open,
    closed
  };

  // PoolWaiter
  void on_pool_ready(upstream::ClientConnection& connection) override;
  void on_pool_failure(upstream::PoolFailure failure, std::string_view detail) override;
  // StreamHandler
  Arena& arena() override { return owner_->arena(); }
  http::WireBytes* wire_bytes() override { return owner_->wire_bytes(); }
  void on_informational(http::HeaderMap& headers) override;
  void on_headers(http::HeaderMap& headers, bool end_stream) override;
  void on_body(Bytes body, bool end_stream) override;
  void on_trailers(http::HeaderMap& trailers) override;
  void on_reset(http::ResetReason reason, std::string_view detail) override;
  void on_write_blocked() override;
  void on_write_resumed() override;
  void on_stream_closed() override;

  void release();
  void note_sent();
  void note_response(const http::HeaderMap& headers);
  void as_extended_connect(http::HeaderMap& headers);

  UpstreamOwner* owner_;
  upstream::ConnPool& pool_;
  ArenaPtr<AttemptFilters> filters_;  // nullptr: none
  const http::HeaderMap& headers_;
  http::HeaderMap* trailers_ = nullptr;
  upstream::ClientConnection* connection_ = nullptr;
  http::StreamEncoder* encoder_ = nullptr;
  std::string waiting_body_;
  State state_ = State::waiting;
  bool headers_end_;
  bool upgrade_;
  bool body_end_ = false;
  bool response_started_ = false;
  bool response_ended_ = false;
  bool request_ended_ = false;
  bool reused_ = false;
  bool paused_ = false;
};

}  // namespace outrigger::stream
