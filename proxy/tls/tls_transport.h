// TlsTransport: TLS, of either side, around another transport. Ciphertext is read straight from the
// view that the inner transport delivers and written straight into its output queue; plain text
// that is written in small pieces is gathered until a record is full or the turn ends.
// Thread: the worker. Lifetime: the connection's, as any transport (see runtime/transport.h).
//
//   waiting (the inner one connects) -> handshaking -> open -> closing -> dead
//                                            '--> failing (the alert goes out) --> dead
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "api/stats_tls.h"
#include "proxy/runtime/loop.h"
#include "proxy/tls/openssl_ptr.h"
#include "proxy/tls/peer_verifier.h"

namespace outrigger::tls {

// What a side does about its connections' handshakes.
class HandshakeEvents {
 public:
  virtual ~HandshakeEvents() = default;
  virtual void on_handshake(SSL* ssl) = 0;
  // The certificate that the connection presents, described once for all connections.
  virtual std::shared_ptr<const CertificateInfo> local_certificate(SSL* ssl) = 0;
  virtual TlsStats& stats() = 0;
};

class TlsTransport final : public runtime::Transport, private runtime::TransportHandler {
 public:
  struct Parts {
    std::unique_ptr<runtime::Transport> inner;
    SslPtr ssl;  // its state (connect or accept) is set
    std::shared_ptr<HandshakeEvents> context;
    const PeerVerifier* verifier = nullptr;  // owned by the context
    std::vector<std::string> verify_names;
    std::chrono::milliseconds handshake_timeout{0};  // 0: none
    Counter* timeouts = nullptr;                     // counts handshakes that took too long
  };
  TlsTransport(runtime::Loop& loop, Parts parts);
  ~TlsTransport() override;

  void set_handler(runtime::TransportHandler& handler) override { handler_ = &handler; }
  void write(Bytes bytes) override;
  char* reserve(size_t bytes) override;
  void commit(size_t bytes) override;
  void pause_reading(bool pause) override;
  void shutdown_write() override;
  size_t output_queued() const override;
  void set_output_limit(size_t bytes) override;
  void flush() override;
  void close_when_flushed() override;
  net::Address local_address() const override { return inner_->local_address(); }
  net::Address remote_address() const override { return inner_->remote_address(); }
  uint64_t bytes_received() const override { return inner_->bytes_received(); }
  uint64_t bytes_sent() const override { return inner_->bytes_sent(); }
  std::shared_ptr<const TlsConnection> tls() const override;
  std::string_view failure_reason() const override {
    return failure_reason_.empty() ? inner_->failure_reason() : failure_reason_;
  }
  std::optional<net::Address> original_destination() const override {
    return inner_->original_destination();
  }
  bool set_option(const net::SocketOption& option) override { return inner_->set_option(option); }

 private:
  friend class RecordBio;
  enum class State : uint8_t {
    waiting,
    handshaking,
    open,
    closing,  // the owner closes
    failing,  // the alert is on its way
    dead
  };

  // Of the inner transport.
  void on_connected() override;
  void on_data(Bytes bytes) override;
  void on_eof() override;
  void on_closed(int error) override;
  void on_write_blocked() override;
  void on_write_resumed() override;

  void read_input();
  bool handshake();
  void finish_handshake();
  void read_records();
  void note_end(int result);
  void deliver_eof();
  void hold_rest();
  void resume_reading();
  void encrypt_waiting();
  void encrypt_or_keep(Bytes bytes);
  bool encrypt(Bytes bytes, size_t& taken);
  void want_turn_end();
  void end_turn();
  void fail(std::string reason, int error);
  void fail_with_queue();
  void send_close_notify();
  void on_timeout();
  void update_blocked();
  bool ended() const { return state_ >= State::closing; }

  runtime::Loop& loop_;
  std::unique_ptr<runtime::Transport> inner_;
  std::shared_ptr<HandshakeEvents> context_;
  SslPtr ssl_;
  runtime::TransportHandler* handler_ = nullptr;
  PeerCheck check_;
  Bytes input_;                      // ciphertext of this call, not yet read by OpenSSL
  std::string held_;                 // ciphertext that waits for a paused reader
  runtime::Slab* gather_ = nullptr;  // plain text that waits for the end of the turn
  std::string backlog_;              // plain text that cannot be encrypted yet
  runtime::TurnTask turn_end_;
  runtime::Timer timer_;
  std::string failure_reason_;
  mutable std::shared_ptr<const TlsConnection> result_;
  std::chrono::milliseconds handshake_timeout_;
  Counter* timeouts_;
  size_t output_limit_ = 1024 * 1024;
  int error_ = 0;
  State state_ = State::waiting;
  bool server_;
  bool paused_ = false;
  bool resume_wanted_ = false;
  bool peer_ended_ = false;  // close_notify or FIN: nothing more is read
  bool eof_delivered_ = false;
  bool inner_eof_ = false;
  bool shutdown_wanted_ = false;
  bool shutdown_sent_ = false;
  bool inner_blocked_ = false;
  bool blocked_ = false;  // the handler was told
  bool reading_ = false;  // inside read_input(): what comes is not read again from within
};

}  // namespace outrigger::tls
