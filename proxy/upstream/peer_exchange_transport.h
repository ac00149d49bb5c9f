// PeerExchangeTransport: an upstream connection's transport that tells the peer who this proxy is
// and takes off what the peer says of itself, where the TLS handshake agreed on it; otherwise
// everything passes. States: connecting -> passing, or reading (what the peer says is not whole)
// -> passing. Thread: one worker. Lifetime: a Transport's. Semantics: Istio's TCP metadata exchange
// (filters/network/metadata_exchange is the downstream side).
#pragma once

#include <memory>
#include <string>

#include "api/config/cluster.h"
#include "api/peer_exchange.h"
#include "proxy/runtime/loop.h"
#include "proxy/runtime/transport.h"

namespace outrigger::upstream {

class PeerExchangeTransport final : public runtime::Transport, public runtime::TransportHandler {
 public:
  PeerExchangeTransport(std::unique_ptr<runtime::Transport> inner,
                        std::shared_ptr<const config::PeerExchange> exchange, runtime::Loop& loop,
                        PeerExchangeStats& stats, runtime::TransportHandler& handler);

  // Transport
  void set_handler(runtime::TransportHandler& handler) override { handler_ = &handler; }
  void write(Bytes bytes) override { inner_->write(bytes); }
  char* reserve(size_t bytes) override { return inner_->reserve(bytes); }
  void commit(size_t bytes) override { inner_->commit(bytes); }
  void pause_reading(bool pause) override { inner_->pause_reading(pause); }
  void shutdown_write() override { inner_->shutdown_write(); }
  size_t output_queued() const override { return inner_->output_queued(); }
  void set_output_limit(size_t bytes) override { inner_->set_output_limit(bytes); }
  void flush() override { inner_->flush(); }
  void close_when_flushed() override { inner_->close_when_flushed(); }
  net::Address local_address() const override { return inner_->local_address(); }
  net::Address remote_address() const override { return inner_->remote_address(); }
  uint64_t bytes_received() const override { return inner_->bytes_received(); }
  uint64_t bytes_sent() const override { return inner_->bytes_sent(); }
  std::shared_ptr<const TlsConnection> tls() const override { return inner_->tls(); }
  std::string_view failure_reason() const override { return inner_->failure_reason(); }
  bool set_option(const net::SocketOption& option) override { return inner_->set_option(option); }

 private:
  enum class State : uint8_t {
    connecting,
    reading,
    passing,
    broken  // the peer is cut off with the turn's end
  };

  // TransportHandler
  void on_connected() override;
  void on_data(Bytes bytes) override;
  void on_eof() override;
  void on_closed(int error) override;
  void on_write_blocked() override { handler_->on_write_blocked(); }
  void on_write_resumed() override { handler_->on_write_resumed(); }
  void on_broken();

  std::unique_ptr<runtime::Transport> inner_;
  std::shared_ptr<const config::PeerExchange> exchange_;
  runtime::Loop& loop_;
  PeerExchangeStats& stats_;
  runtime::TransportHandler* handler_;
  State state_ = State::connecting;
  std::unique_ptr<PeerHelloReader> reader_;
  runtime::TurnTask broken_task_;
};

}  // namespace outrigger::upstream
