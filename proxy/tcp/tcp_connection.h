// TcpConnection: a downstream connection whose octets go to an upstream, and back. Thread: one
// worker. Lifetime: until closed; then the loop destroys it at the end of the turn.
//
//   waiting --first data, or handshake over (connect_mode)--> connecting
//   connecting --upstream ready--> open      connecting --attempts used up--> closing
//   open --both sides ended--> closing       open --timeout, upstream cut--> closing
//   closing --output gone both ways and peer ended, or no patience left--> closed
//   any --the peer is gone, the proxy ends--> closed
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "api/stream_info.h"
#include "proxy/tcp/tcp_listener.h"
#include "proxy/tcp/upstream_link.h"

namespace outrigger::tcp {

class TcpConnection final : public runtime::Deferred,
                            public runtime::TransportHandler,
                            public UpstreamLinkOwner {
 public:
  TcpConnection(std::shared_ptr<TcpService> service, std::unique_ptr<runtime::Transport> transport,
                DownstreamConnectionInfo info, TcpListener& owner);
  ~TcpConnection() override;

  // Begins; may end it at once.
  void start();
  void close_now(std::string_view reason);
  std::chrono::milliseconds age() const;
  size_t index = 0;  // the owner's place for it

 private:
  enum class State : uint8_t {
    waiting,
    connecting,
    open,
    closing,
    closed
  };
  enum class CloseHow : uint8_t {
    flush,  // what was written goes out, then FIN
    cut,    // the same, as far as the peer takes it now
    reset   // RST
  };

  // TransportHandler
  void on_connected() override;
  void on_data(Bytes bytes) override;
  void on_eof() override;
  void on_closed(int error) override;
  void on_write_blocked() override;
  void on_write_resumed() override;
  // UpstreamLinkOwner
  Arena& arena() override { return *arena_; }
  http::WireBytes& upstream_wire() override { return stream_.upstream_wire; }
  void on_upstream_connection(upstream::ClientConnection& connection) override;
  void on_upstream_ready(const http::HeaderMap* head) override;
  void on_upstream_failed(upstream::PoolFailure failure, std::string_view detail) override;
  void on_upstream_data(Bytes bytes, bool end_stream) override;
  void on_upstream_trailers(const http::HeaderMap& trailers) override;
  void on_upstream_cut(http::ResetReason reason, std::string_view detail) override;
  void on_upstream_done() override;
  void on_upstream_blocked(bool blocked) override;

  const config::TcpProxy& config() const { return service_->config(); }
  ClusterStats& cluster_stats() {
    return cluster_->stats->local<ClusterStats>(service_->worker().worker);
  }
  void add_proxy_protocol_facts();
  void begin_connecting();
  void attempt();
  upstream::WorkerCluster* choose_cluster();
  // False: nobody can be asked for it.
  bool ask_for_cluster();
  void cluster_answered();
  bool admit(upstream::WorkerCluster& cluster);
  void connect(upstream::WorkerCluster& cluster, upstream::Host& host);
  void retry_later();
  void keep_early(Bytes bytes);
  void update_reading();
  void note_activity();
  void end_if_both_ended();
  void on_idle();
  void wait_for_peer();
  void wait_for_upstream();
  void on_max_duration();
  void on_log_interval();
  // The stream is over: `flags` say why; the log is written, the upstream let go.
  void end(ResponseFlags flags, CloseHow how, std::string_view local_reason = {});
  void end_stream(ResponseFlags flags);
  void remove();
  void log(observe::AccessLogType type);

  std::shared_ptr<TcpService> service_;
  DownstreamConnectionInfo info_;  // before the transport: its filters read it to the end
  std::unique_ptr<runtime::Transport> transport_;
  TcpListener& owner_;
  std::optional<Arena> arena_;  // of one attempt
  StreamInfo stream_;
  std::shared_ptr<const TlsConnection> tls_;
  config::ClusterPtr cluster_;
  upstream::HostRef host_;
  const config::MetadataMatchCriteria* metadata_match_ = nullptr;
  std::string_view cluster_name_;  // the one that was chosen, whether or not it is there
  // Where the answer to ask_for_cluster() finds the connection; nullptr inside: it is gone.
  std::shared_ptr<TcpConnection*> place_;
  MonotonicTime asked_;
  UpstreamLink link_;
  std::string early_;  // what arrived before there was an upstream
  State state_ = State::waiting;
  bool downstream_ended_ = false;
  bool upstream_ended_ = false;
  bool upstream_blocked_ = false;
  bool reading_paused_ = false;
  bool waits_for_upstream_ = false;  // closing: only what it still has to take is missing
  uint32_t attempts_ = 0;
  std::optional<std::chrono::milliseconds> idle_limit_;
  // Of `closing`: how long the peer may go without taking anything, and what it has taken.
  std::chrono::milliseconds patience_{0};
  MonotonicTime progress_;
  uint64_t sent_ = 0;
  uint64_t kept_by_filters_ = 0;
  std::string failure_reason_, cause_;
  runtime::TurnTask attempt_task_;
  runtime::Timer idle_timer_;  // in `closing`: the peer's time to end
  runtime::Timer duration_timer_;
  runtime::Timer retry_timer_;
  runtime::Timer log_timer_;
};

}  // namespace outrigger::tcp
