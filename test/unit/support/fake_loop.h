// FakeLoop: a worker's loop and its network in memory. Time moves only when the test moves it;
// nothing arrives unless a FakePeer sends it. Every action of a peer and every step of time runs
// whole turns, in the order of the real loop: events, timers, tasks, outputs, garbage. Thread: the
// test's. Lifetime: outlives what runs on it; peers outlive their connections.
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"

#include "proxy/runtime/loop.h"

namespace outrigger::test {

class FakeLoop;
class FakeTransport;

// The other end of one connection.
class FakePeer {
 public:
  explicit FakePeer(FakeLoop& loop) : loop_(loop) {}

  // A connection that the proxy opens: it succeeds or fails now.
  void accept();
  void refuse(int error);
  void send(std::string_view bytes);
  // FIN: the peer sends nothing more, and still reads.
  void close();
  // Data and FIN that the proxy finds in one turn.
  void send_and_close(std::string_view bytes);
  // RST.
  void reset(int error);
  // Stops taking what the proxy writes, or takes it again.
  void stall(bool stalled);
  // The connection was redirected on its way from here.
  void redirected_from(const net::Address& destination);

  // What arrived since the last call.
  std::string take() { return std::exchange(received_, {}); }
  const std::string& received() const { return received_; }
  bool got_fin() const { return fin_; }
  // The proxy has let go of the socket.
  bool gone() const { return transport_ == nullptr; }
  bool connecting() const;
  const runtime::ConnectOptions& options() const { return options_; }

 private:
  friend class FakeLoop;
  friend class FakeTransport;

  FakeLoop& loop_;
  FakeTransport* transport_ = nullptr;
  runtime::ConnectOptions options_;
  std::string received_;
  bool fin_ = false;
  bool stalled_ = false;
};

class FakeTransport final : public runtime::Transport {
 public:
  FakeTransport(FakeLoop& loop, std::shared_ptr<FakePeer> peer, net::Address local,
                net::Address remote, bool connecting);
  ~FakeTransport() override;

  void set_handler(runtime::TransportHandler& handler) override { handler_ = &handler; }
  void write(Bytes bytes) override {
    if (failed_ || shut_down_ || state_ == State::dead) return;
    output_.append(bytes);
    note_output();
  }
  char* reserve(size_t bytes) override {
    reserved_.resize(bytes);
    return reserved_.data();
  }
  void commit(size_t bytes) override { write(Bytes(reserved_).substr(0, bytes)); }
  void pause_reading(bool pause) override { paused_ = pause; }
  void shutdown_write() override { shutdown_wanted_ = true; }
  size_t output_queued() const override { return output_.size(); }
  void set_output_limit(size_t bytes) override { output_limit_ = bytes; }
  void flush() override { send(); }
  void close_when_flushed() override {
    if (failed_ || state_ == State::lingering || state_ == State::dead) return;
    bool connecting = state_ == State::connecting;
    state_ = State::lingering;
    shutdown_wanted_ = true;
    if (connecting || (eof_ && output_.empty())) fail(0);
  }
  net::Address local_address() const override { return local_; }
  net::Address remote_address() const override { return remote_; }
  bool unread(Bytes bytes, bool eof) override {
    inbox_.insert(0, bytes);
    bytes_in_ = 0;
    if (eof) eof_ = false;  // fin_arrived_ stays: it is told again
    return true;
  }
  std::optional<net::Address> original_destination() const override {
    return original_destination_;
  }
  uint64_t bytes_received() const override { return bytes_in_; }
  uint64_t bytes_sent() const override { return bytes_out_; }

  // Called by the loop. True: something happened.
  bool deliver();
  bool finish_turn();

 private:
  friend class FakePeer;
  enum class State : uint8_t {
    connecting,
    open,
    lingering,
    dead
  };

  bool may_read() const {
    return !failed_ && state_ != State::connecting && state_ != State::dead &&
           (!paused_ || state_ == State::lingering);
  }
  void note_output() {
    if (blocked_ || output_.size() <= output_limit_) return;
    blocked_ = true;
    handler_->on_write_blocked();
  }
  void send();
  void fail(int error) {
    if (failed_) return;
    failed_ = true;
    error_ = error;
  }

  FakeLoop& loop_;
  std::shared_ptr<FakePeer> peer_;
  net::Address local_;
  net::Address remote_;
  runtime::TransportHandler* handler_ = nullptr;
  State state_;
  std::string inbox_;
  std::string output_;
  std::string reserved_;
  std::optional<net::Address> original_destination_;
  size_t output_limit_ = 1024 * 1024;
  uint64_t bytes_in_ = 0;
  uint64_t bytes_out_ = 0;
  int error_ = 0;
  int connect_error_ = 0;
  bool connect_done_ = false;
  bool fin_arrived_ = false;
  bool eof_ = false;
  bool paused_ = false;
  bool blocked_ = false;
  bool shutdown_wanted_ = false;
  bool shut_down_ = false;
  bool failed_ = false;
};

class FakeLoop final : public runtime::Loop {
 public:
  using Millis = std::chrono::milliseconds;

  FakeLoop() : Loop(runtime::MonotonicTime(std::chrono::hours(1))) {
    system_now_ = runtime::SystemTime(std::chrono::seconds(1'767'225'600));  // 2026-01-01 00:00:00
  }
  ~FakeLoop() override { collect_deferred(); }

  // Connections that the proxy opened, in order.
  FakePeer& peer(size_t at) { return *peers_.at(at); }
  size_t peer_count() const { return peers_.size(); }
  // The next connect() fails inside the call.
  void fail_next_connect(absl::Status status) { next_connect_ = std::move(status); }
  // A connection that a client opened.
  std::pair<std::unique_ptr<runtime::Transport>, std::shared_ptr<FakePeer>> accept_client(
      std::string_view client_ip = "192.0.2.1", uint16_t client_port = 50000);

  // Runs turns until nothing more happens at this moment.
  void settle() {
    do {
      run_turn();
    } while (happened_ || !posted_.empty());
  }
  // Moves the clock, and stops at every timer on the way.
  void advance(Millis by) {
    runtime::MonotonicTime end = now_ + by;
    for (auto delay = timers_.next_delay(); delay && now_ + *delay < end;
         delay = timers_.next_delay())
      step(std::max(*delay, Millis(1)));
    step(std::chrono::duration_cast<Millis>(end - now_));
  }

  absl::StatusOr<std::unique_ptr<runtime::Acceptor>> listen(const runtime::ListenOptions&,
                                                            runtime::AcceptHandler&) override {
    return absl::UnimplementedError("a test hands its connections over itself");
  }
  absl::StatusOr<std::unique_ptr<runtime::Transport>> connect(
      const runtime::ConnectOptions& options, runtime::TransportHandler& handler) override;
  // The descriptor means nothing here.
  std::unique_ptr<runtime::Transport> adopt(int, const net::Address& remote) override {
    auto [transport, peer] = accept_client(remote.ip_text(), remote.port());
    peers_.push_back(std::move(peer));
    return std::move(transport);
  }
  void post(std::function<void()> task) override { posted_.push_back(std::move(task)); }
  void defer_delete(std::unique_ptr<runtime::Deferred> object) override {
    garbage_.push_back(std::move(object));
  }
  void collect_deferred() override {
    while (!garbage_.empty()) std::exchange(garbage_, {}).clear();
  }
  void run() override { settle(); }
  void stop() override {}

 private:
  friend class FakeTransport;

  void step(Millis by) {
    now_ += by;
    system_now_ += by;
    timers_.set_now(now_);
    settle();
  }
  void run_turn();
  template <bool (FakeTransport::*Do)()>
  bool for_transports() {
    bool any = false;  // by index: what is called may open connections
    for (size_t i = 0; i < transports_.size(); ++i) {
      if (transports_[i] != nullptr && (transports_[i]->*Do)()) any = true;
    }
    return any;
  }

  std::vector<std::shared_ptr<FakePeer>> peers_;
  std::vector<FakeTransport*> transports_;  // nullptr: destroyed
  std::vector<std::function<void()>> posted_;
  std::vector<std::unique_ptr<runtime::Deferred>> garbage_;
  absl::Status next_connect_;
  bool happened_ = false;
};

inline void FakeLoop::run_turn() {
  happened_ = false;
  for (auto& task : std::exchange(posted_, {})) task();
  while (for_transports<&FakeTransport::deliver>()) happened_ = true;
  timers_.advance(now_);
  bool flushed = false;
  do {
    if (!soon_.empty()) happened_ = true;
    soon_.run();
    flushed = for_transports<&FakeTransport::finish_turn>();
    happened_ = happened_ || flushed;
  } while (flushed || !soon_.empty());
  happened_ = happened_ || !garbage_.empty();
  collect_deferred();
  std::erase(transports_, nullptr);
}

inline std::pair<std::unique_ptr<runtime::Transport>, std::shared_ptr<FakePeer>>
FakeLoop::accept_client(std::string_view client_ip, uint16_t client_port) {
  auto peer = std::make_shared<FakePeer>(*this);
  auto transport =
      std::make_unique<FakeTransport>(*this, peer, *net::Address::from_ip("198.51.100.1", 8080),
                                      *net::Address::from_ip(client_ip, client_port), false);
  return {std::move(transport), std::move(peer)};
}

inline absl::StatusOr<std::unique_ptr<runtime::Transport>> FakeLoop::connect(
    const runtime::ConnectOptions& options, runtime::TransportHandler& handler) {
  if (options.address.is_internal()) {
    if (internal_ != nullptr) return internal_->connect_internal(options, handler);
    return absl::UnavailableError("there is no internal listener");
  }
  if (!next_connect_.ok()) return std::exchange(next_connect_, absl::OkStatus());
  auto peer = std::make_shared<FakePeer>(*this);
  peer->options_ = options;
  peers_.push_back(peer);
  auto transport = std::make_unique<FakeTransport>(
      *this, std::move(peer), *net::Address::from_ip("198.51.100.1", 40000), options.address, true);
  transport->set_handler(handler);
  return std::unique_ptr<runtime::Transport>(std::move(transport));
}

inline FakeTransport::FakeTransport(FakeLoop& loop, std::shared_ptr<FakePeer> peer,
                                    net::Address local, net::Address remote, bool connecting)
    : loop_(loop),
      peer_(std::move(peer)),
      local_(local),
      remote_(remote),
      state_(connecting ? State::connecting : State::open) {
  peer_->transport_ = this;
  loop_.transports_.push_back(this);
}

inline FakeTransport::~FakeTransport() {
  peer_->transport_ = nullptr;
  std::replace(loop_.transports_.begin(), loop_.transports_.end(), this,
               static_cast<FakeTransport*>(nullptr));
}

inline bool FakeTransport::deliver() {
  if (state_ == State::connecting && connect_done_) {
    connect_done_ = false;
    state_ = connect_error_ == 0 ? State::open : State::dead;
    connect_error_ == 0 ? handler_->on_connected() : handler_->on_closed(connect_error_);
    return true;
  }
  if (may_read() && !inbox_.empty()) {
    std::string piece = std::exchange(inbox_, {});  // of its exact size: a read beyond it shows
    bytes_in_ += piece.size();
    if (state_ != State::lingering) handler_->on_data(piece);
    return true;
  }
  if (may_read() && fin_arrived_ && !eof_) {
    eof_ = true;
    if (state_ != State::lingering) {
      handler_->on_eof();
    } else if (shut_down_) {
      fail(0);
    }
    return true;
  }
  return false;
}

inline void FakeTransport::send() {
  if (state_ == State::connecting || failed_ || peer_->stalled_) return;
  peer_->received_ += output_;
  bytes_out_ += output_.size();
  output_.clear();
}

inline bool FakeTransport::finish_turn() {
  if (state_ == State::dead) return false;
  size_t queued = output_.size();
  send();
  bool happened = output_.size() != queued;
  if (output_.empty() && shutdown_wanted_ && !shut_down_ && !failed_) {
    happened = shut_down_ = peer_->fin_ = true;
    if (state_ == State::lingering && eof_) fail(0);
  }
  if (failed_) {
    state_ = State::dead;
    output_.clear();
    handler_->on_closed(error_);
    return true;
  }
  if (blocked_ && output_.size() <= output_limit_ / 2) {
    blocked_ = false;
    handler_->on_write_resumed();
    return true;
  }
  return happened;
}

inline bool FakePeer::connecting() const {
  return transport_ != nullptr && transport_->state_ == FakeTransport::State::connecting;
}

inline void FakePeer::accept() {
  refuse(0);
}

inline void FakePeer::refuse(int error) {
  if (transport_ == nullptr) return;
  transport_->connect_done_ = true;
  transport_->connect_error_ = error;
  loop_.settle();
}

inline void FakePeer::send(std::string_view bytes) {
  if (transport_ == nullptr) return;
  transport_->inbox_ += bytes;
  loop_.settle();
}

inline void FakePeer::close() {
  send_and_close({});
}

inline void FakePeer::send_and_close(std::string_view bytes) {
  if (transport_ == nullptr) return;
  transport_->inbox_ += bytes;
  transport_->fin_arrived_ = true;
  loop_.settle();
}

inline void FakePeer::reset(int error) {
  if (transport_ == nullptr) return;
  transport_->fail(error);
  loop_.settle();
}

inline void FakePeer::redirected_from(const net::Address& destination) {
  if (transport_ != nullptr) transport_->original_destination_ = destination;
}

inline void FakePeer::stall(bool stalled) {
  stalled_ = stalled;
  loop_.settle();
}

}  // namespace outrigger::test
