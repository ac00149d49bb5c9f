#include "proxy/net/internal_pair.h"

#include <cerrno>
#include <string>

#include "proxy/runtime/output_queue.h"

namespace outrigger::net {
namespace {

using runtime::TransportHandler;

// States: open -> (shut: its FIN is to come after the output) -> lingering (the owner waits for
// on_closed) -> dead (the owner was told).
class End final : public runtime::Transport {
 public:
  End(runtime::Loop& loop, const Address& local, const Address& remote, bool connecting)
      : loop_(loop),
        output_(loop.slabs()),
        local_(local),
        remote_(remote),
        connecting_(connecting),
        task_([](void* self) { static_cast<End*>(self)->work(); }, this) {
    if (connecting) loop_.run_soon(task_);
  }
  ~End() override {
    if (peer_ != nullptr) peer_->on_peer_gone();
  }
  void join(End& peer) { peer_ = &peer; }

  void set_handler(TransportHandler& handler) override {
    handler_ = &handler;
    loop_.run_soon(task_);
  }
  void write(Bytes bytes) override {
    if (shut_ || dead_ || bytes.empty()) return;
    output_.append(bytes);
    note_output();
  }
  char* reserve(size_t bytes) override { return output_.reserve(bytes); }
  void commit(size_t bytes) override {
    output_.commit(bytes);
    note_output();
  }
  void pause_reading(bool pause) override {
    paused_ = pause;
    if (!pause) loop_.run_soon(task_);
  }
  size_t output_queued() const override { return output_.size(); }
  void set_output_limit(size_t bytes) override { output_limit_ = bytes; }
  void flush() override {}
  void shutdown_write() override {
    shut_ = true;
    if (peer_ != nullptr) loop_.run_soon(peer_->task_);
  }
  void close_when_flushed() override {
    if (lingering_ || dead_) return;
    lingering_ = true;
    shutdown_write();
    loop_.run_soon(task_);
  }
  Address local_address() const override { return local_; }
  Address remote_address() const override { return remote_; }
  uint64_t bytes_received() const override { return received_; }
  uint64_t bytes_sent() const override { return sent_; }
  bool unread(Bytes bytes, bool eof) override {
    unread_.assign(bytes);
    received_ = 0;
    if (eof) eof_told_ = false;
    loop_.run_soon(task_);
    return true;
  }

 private:
  void note_output() {
    if (peer_ != nullptr) loop_.run_soon(peer_->task_);
    if (!blocked_ && output_.size() > output_limit_) {
      blocked_ = true;
      handler_->on_write_blocked();
    }
  }
  void on_peer_gone() {
    peer_ = nullptr;
    reset_ = !peer_ended_well();
    output_.clear();
    loop_.run_soon(task_);
  }
  // Both sides had said that they write no more.
  bool peer_ended_well() const { return eof_told_ && shut_; }

  // Whatever there is to tell the handler, one thing after the other; each may change everything.
  void work() {
    if (handler_ == nullptr || dead_) return;
    if (connecting_) {
      connecting_ = false;
      handler_->on_connected();
    }
    take_input();
    if (dead_) return;
    if (blocked_ && output_.size() <= output_limit_ / 2) {
      blocked_ = false;
      handler_->on_write_resumed();
    }
    if (dead_) return;
    bool flushed = output_.empty();
    if (peer_ == nullptr) {
      die(reset_ && !lingering_ ? ECONNRESET : 0);
    } else if (lingering_ && flushed && eof_told_) {
      die(0);
    }
  }

  bool may_read() const { return !dead_ && (!paused_ || lingering_); }

  void take_input() {
    if (!unread_.empty() && may_read()) {
      std::string bytes = std::exchange(unread_, {});
      show(bytes);
    }
    while (peer_ != nullptr && may_read() && !peer_->output_.empty()) {
      iovec piece[1];
      peer_->output_.gather(piece, 1);
      // Copied: what the handler does may change the queue.
      std::string bytes(static_cast<const char*>(piece[0].iov_base), piece[0].iov_len);
      peer_->output_.consume(bytes.size());
      peer_->sent_ += bytes.size();
      loop_.run_soon(peer_->task_);  // it may be waiting for room, or for the end of its output
      show(bytes);
    }
    bool end = peer_ != nullptr && peer_->shut_ && peer_->output_.empty() && unread_.empty();
    if (!end || eof_told_ || !may_read()) return;
    eof_told_ = true;
    if (!lingering_) handler_->on_eof();
  }

  void show(Bytes bytes) {
    received_ += bytes.size();
    if (!lingering_) handler_->on_data(bytes);
  }

  void die(int error) {
    dead_ = true;
    output_.clear();
    handler_->on_closed(error);
  }

  runtime::Loop& loop_;
  TransportHandler* handler_ = nullptr;
  End* peer_ = nullptr;  // nullptr: its owner has destroyed it
  runtime::OutputQueue output_;
  std::string unread_;
  Address local_, remote_;
  size_t output_limit_ = 1024 * 1024;
  uint64_t received_ = 0;
  uint64_t sent_ = 0;
  bool connecting_;
  bool paused_ = false;
  bool blocked_ = false;
  bool shut_ = false;
  bool eof_told_ = false;
  bool lingering_ = false;
  bool dead_ = false;
  bool reset_ = false;
  runtime::TurnTask task_;
};

}  // namespace

InternalPair make_internal_pair(runtime::Loop& loop, const Address& client, const Address& server) {
  auto first = std::make_unique<End>(loop, client, server, true);
  auto second = std::make_unique<End>(loop, server, client, false);
  first->join(*second);
  second->join(*first);
  return {std::move(first), std::move(second)};
}

}  // namespace outrigger::net
