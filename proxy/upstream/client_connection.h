// ClientConnection: one upstream connection: transport, codec and timers. Its pool owns it.
// States: connecting -> open -> draining -> closed. `draining` takes no new stream and closes with
// its last one. Thread: one worker. Lifetime: until closed; then the loop destroys it at the end of
// the turn.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "api/http/codec.h"
#include "api/stats_cluster.h"
#include "proxy/runtime/loop.h"
#include "proxy/upstream/conn_pool.h"

namespace outrigger::upstream {

class ClientConnection final : public runtime::Deferred,
                               public runtime::TransportHandler,
                               public http::ConnectionEvents {
 public:
  enum class State : uint8_t {
    connecting,
    open,
    draining,
    closed
  };

  explicit ClientConnection(ConnPool& pool);
  ~ClientConnection() override;

  // False: it failed at once, the pool was told.
  bool connect();
  bool can_open_stream() const {
    return state_ == State::open && !used_up() && codec_->can_open_stream();
  }
  // Only between on_pool_ready and the end of that call. The stream belongs to the handler until it
  // calls release_stream().
  http::StreamEncoder& open_stream(http::StreamHandler& handler) {
    return codec_->open_stream(handler);
  }
  // The stream is over: on_stream_closed, on_reset, or reset by its owner. Exactly once per stream.
  // `complete`: it was a tunnel whose sides have both ended: what waits goes out before the end.
  void release_stream(bool complete = false);
  // The pool has given a stream away.
  void note_stream();
  // No new stream; closes with its last one. One that still connects serves who waits.
  void drain();
  void close_now();

  uint64_t id() const { return id_; }
  uint32_t streams_opened() const { return streams_opened_; }
  uint32_t active_streams() const { return active_streams_; }
  ConnPool& pool() { return pool_; }
  http::Protocol protocol() const { return codec_->protocol(); }
  const net::Address& local_address() const { return local_; }
  // When it began to connect, and when it was connected; with TLS, of the handshake, so that the
  // end of the connection attempt itself is not known.
  runtime::MonotonicTime connect_start() const { return started_; }
  std::optional<runtime::MonotonicTime> connect_end() const {
    return tls() == nullptr ? std::optional(ready_since_) : std::nullopt;
  }
  runtime::MonotonicTime ready_since() const { return ready_since_; }
  // Of the address that took the connection, where the endpoint has several.
  const net::Address& remote_address() const { return remote_; }
  // nullptr: plain.
  std::shared_ptr<const TlsConnection> tls() const { return transport_->tls(); }
  // Why TLS failed, before or after the handshake; empty: it did not.
  std::string_view transport_failure() const {
    return transport_ == nullptr ? std::string_view() : transport_->failure_reason();
  }
  runtime::Transport& transport() { return *transport_; }

 private:
  void on_connected() override;
  void on_data(Bytes bytes) override;
  void on_eof() override;
  void on_closed(int error) override;
  void on_write_blocked() override;
  void on_write_resumed() override;
  void on_goaway() override;
  void on_failed() override;

  void on_connect_timeout_or_idle();
  void on_max_duration();
  void start_ping_interval();
  void on_ping_timer();
  void after_feed(const http::FeedResult& result);
  void settle();
  // It has carried as many requests as it may.
  bool used_up() const;
  void close(bool by_remote, http::ResetReason reason, std::string_view detail,
             PoolFailure failure = PoolFailure::connection_failure);
  void stop_taking_streams();
  void choose_protocol();
  void count_bytes();
  std::unique_ptr<http::ClientCodec> make_codec();

  ConnPool& pool_;
  config::ClusterPtr config_;  // what the codec and the statistics belong to
  ClusterStats& stats_;
  State state_ = State::connecting;
  bool http2_ = false;
  bool feeding_ = false;
  bool in_pool_list_ = false;
  bool flush_first_ = false;
  bool cut_streams_ = false;  // the upstream left streams behind
  bool ping_sent_ = false;    // and its answer is due
  uint32_t streams_opened_ = 0;
  uint32_t active_streams_ = 0;
  uint64_t id_;
  net::Address local_;
  net::Address remote_;
  uint64_t counted_in_ = 0;
  uint64_t counted_out_ = 0;
  runtime::MonotonicTime started_;
  runtime::MonotonicTime ready_since_;
  std::unique_ptr<runtime::Transport> transport_;
  std::unique_ptr<http::ClientCodec> codec_;
  runtime::Timer connect_or_idle_timer_;
  runtime::Timer duration_timer_;
  runtime::Timer ping_timer_;
  runtime::TurnTask settle_task_;
};

}  // namespace outrigger::upstream
