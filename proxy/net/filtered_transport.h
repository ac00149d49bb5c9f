// FilteredTransport: a downstream connection's transport with the chain's network filters around
// it. What arrives goes through the filters before the chain's end sees it; what a filter stops is
// kept, and the peer paused. States: starting (filters are asked about the connection) -> open ->
// closing (a filter ended it) -> closed. Thread: one worker. Lifetime: its owner's until it is
// admitted, then the connection's of the chain's end.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/config/listener.h"
#include "api/stream_info.h"
#include "proxy/net/connection_services.h"
#include "proxy/net/filter_chain_run.h"
#include "proxy/runtime/transport.h"

namespace outrigger::net {

class FilteredTransport;

// Who holds a connection until its filters have decided about it. Exactly one of these is called,
// at the latest when the peer leaves.
class FilteredTransportOwner {
 public:
  // Give it to the chain's end.
  virtual void on_admitted(FilteredTransport& transport) = 0;
  // It is over: destroy it with the turn.
  virtual void on_turned_away(FilteredTransport& transport) = 0;

 protected:
  ~FilteredTransportOwner() = default;
};

class FilteredTransport final : public runtime::Transport,
                                public runtime::TransportHandler,
                                public FilterSlotOwner {
 public:
  FilteredTransport(std::unique_ptr<runtime::Transport> inner, DownstreamConnectionInfo info,
                    const config::FilterChain& chain, ConnectionServices& services,
                    FilteredTransportOwner& owner);
  ~FilteredTransport() override;

  // Asks the filters about the connection; may call the owner before it returns.
  void start() { run(); }
  // For the chain's end; afterwards the facts are where it bound them.
  DownstreamConnectionInfo take_info() { return std::move(own_info_); }
  // The chain's end has its handler in place: what came before it is delivered.
  void begin();
  void close_now() { finish(0); }
  DownstreamConnectionInfo& facts() { return *info_; }
  MonotonicTime started() const { return started_; }

  // Transport
  void write(Bytes bytes) override;
  char* reserve(size_t bytes) override;
  void commit(size_t bytes) override { inner_->commit(bytes); }
  void pause_reading(bool pause) override;
  void shutdown_write() override { inner_->shutdown_write(); }
  void set_handler(runtime::TransportHandler& handler) override { handler_ = &handler; }
  void bind_info(DownstreamConnectionInfo& info) override { info_ = &info; }
  size_t output_queued() const override { return inner_->output_queued(); }
  void set_output_limit(size_t bytes) override { inner_->set_output_limit(bytes); }
  void flush() override { inner_->flush(); }
  void close_when_flushed() override;
  net::Address local_address() const override { return inner_->local_address(); }
  net::Address remote_address() const override { return inner_->remote_address(); }
  uint64_t bytes_received() const override { return inner_->bytes_received(); }
  uint64_t bytes_sent() const override { return inner_->bytes_sent(); }
  std::shared_ptr<const TlsConnection> tls() const override { return inner_->tls(); }
  std::string_view failure_reason() const override { return inner_->failure_reason(); }
  std::optional<net::Address> original_destination() const override {
    return inner_->original_destination();
  }
  bool set_option(const net::SocketOption& option) override { return inner_->set_option(option); }

 private:
  enum class State : uint8_t {
    starting,
    admitted,  // the chain's end is about to take it
    open,
    closing,
    closed
  };

  // TransportHandler, of the inner transport
  void on_connected() override;
  void on_data(Bytes bytes) override { arrived(bytes, false); }
  void on_eof() override { arrived({}, true); }
  void on_closed(int error) override { finish(error); }
  void on_write_blocked() override {
    if (handler_ != nullptr) handler_->on_write_blocked();
  }
  void on_write_resumed() override {
    if (handler_ != nullptr && state_ != State::closed) handler_->on_write_resumed();
  }
  // FilterSlotOwner
  DownstreamConnectionInfo& info() override { return *info_; }
  void write_to_peer(Bytes bytes) override { inner_->write(bytes); }
  void close_by_filter(bool flush, std::string_view reason) override;
  void on_filter_resumed(FilterSlot& slot) override;
  void on_filter_paused() override { update_pause(); }

  void run();
  void run_new_connection();
  void run_kept();
  void run_data(size_t from, Bytes bytes, bool end_stream);
  void arrived(Bytes bytes, bool end_stream);
  void keep(size_t next, Bytes bytes, bool end_stream);
  void deliver(Bytes bytes, bool end_stream);
  void update_pause();
  void tell_writers(Bytes bytes);
  void begin_closing();
  void finish(int error);
  void close_filters();

  static constexpr size_t kNone = static_cast<size_t>(-1);

  std::unique_ptr<runtime::Transport> inner_;
  ConnectionServices& services_;
  FilteredTransportOwner* owner_;  // nullptr: the chain's end has it
  runtime::TransportHandler* handler_ = nullptr;
  DownstreamConnectionInfo own_info_;
  DownstreamConnectionInfo* info_ = &own_info_;
  std::vector<std::unique_ptr<FilterSlot>> slots_;
  MonotonicTime started_;
  std::string kept_;        // what the filter at `next_` and those behind it have not seen
  size_t next_ = 0;         // the filter that goes on, of the new connection or of what is kept
  size_t stopped_ = kNone;  // the filter that said `stop`
  State state_ = State::starting;
  bool kept_end_ = false;
  bool end_paused_ = false;  // the chain's end does not read
  bool connected_ = false;   // on_connected came before there was a handler
  bool flush_close_ = false;
  bool wrote_ = false;  // filters know that this turn writes
  bool filters_closed_ = false;
  runtime::TurnTask run_task_;
  runtime::TurnTask wrote_task_;
  runtime::Timer linger_timer_;
};

}  // namespace outrigger::net
