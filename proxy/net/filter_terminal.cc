#include "proxy/net/filter_terminal.h"

#include <algorithm>
#include <utility>

namespace outrigger::net {

// What the filters let through is dropped: the last of them is the end.
class FilterTerminalListener::Connection final : public runtime::Deferred,
                                                 public runtime::TransportHandler {
 public:
  Connection(FilterTerminalListener& owner, std::unique_ptr<runtime::Transport> transport,
             DownstreamConnectionInfo info)
      : owner_(owner), transport_(std::move(transport)), info_(std::move(info)) {
    transport_->bind_info(info_);
    transport_->set_handler(*this);
    transport_->set_output_limit(owner.listener_->buffer_limit_bytes);
    owner.counts_.note_held();
  }

  void on_connected() override {
    tls_ = transport_->tls();
    info_.tls = tls_.get();
  }
  void on_data(Bytes) override {}
  void on_eof() override { transport_->close_when_flushed(); }
  void on_closed(int) override { close_now(); }
  // The peer is to take what it was answered before it may ask for more.
  void on_write_blocked() override { transport_->pause_reading(true); }
  void on_write_resumed() override { transport_->pause_reading(false); }

  void close_now() {
    if (std::exchange(closed_, true)) return;
    owner_.counts_.note_let_go();
    owner_.counts_.note_ended(owner_.services_.loop.now() - info_.start);
    owner_.listener_log_.log_end(info_, {}, transport_->bytes_received(), transport_->bytes_sent());
    owner_.remove(*this);
  }

 private:
  FilterTerminalListener& owner_;
  std::unique_ptr<runtime::Transport> transport_;
  DownstreamConnectionInfo info_;
  std::shared_ptr<const TlsConnection> tls_;
  bool closed_ = false;
};

FilterTerminalListener::FilterTerminalListener(config::ListenerPtr listener,
                                               ConnectionServices& services,
                                               observe::LogWriter& logs)
    : listener_(std::move(listener)),
      services_(services),
      counts_(*listener_, services.worker),
      listener_log_(*listener_, services.worker, services.loop, services.runtime, logs) {}

FilterTerminalListener::~FilterTerminalListener() {
  close_all();
}

void FilterTerminalListener::on_connection(std::unique_ptr<runtime::Transport> transport,
                                           DownstreamConnectionInfo info) {
  connections_.push_back(
      std::make_unique<Connection>(*this, std::move(transport), std::move(info)));
}

void FilterTerminalListener::remove(Connection& connection) {
  auto at = std::find_if(connections_.begin(), connections_.end(),
                         [&](const auto& owned) { return owned.get() == &connection; });
  std::unique_ptr<Connection> dead = std::move(*at);
  *at = std::move(connections_.back());
  connections_.pop_back();
  services_.loop.defer_delete(std::move(dead));
}

void FilterTerminalListener::close_all() {
  while (!connections_.empty()) connections_.back()->close_now();
}

}  // namespace outrigger::net
