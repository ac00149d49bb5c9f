// FilterSlot: one network filter of one connection, and what it may ask of that connection.
// Thread: one worker. Lifetime: the FilteredTransport's.
#pragma once

#include <memory>

#include "api/filter/network_filter.h"
#include "proxy/net/connection_services.h"

namespace outrigger::net {

class FilterSlot;

// The connection, as its filters' slots see it.
class FilterSlotOwner {
 public:
  virtual DownstreamConnectionInfo& info() = 0;
  virtual void write_to_peer(Bytes bytes) = 0;
  virtual void close_by_filter(bool flush, std::string_view reason) = 0;
  virtual void on_filter_resumed(FilterSlot& slot) = 0;
  virtual void on_filter_paused() = 0;

 protected:
  ~FilterSlotOwner() = default;
};

class FilterSlot final : public NetworkFilterContext {
 public:
  FilterSlot(FilterSlotOwner& owner, ConnectionServices& services,
             std::unique_ptr<NetworkFilter> filter);

  NetworkVerdict new_connection() { return filter_->on_new_connection(*this); }
  NetworkVerdict data(Bytes& bytes, bool end_stream) {
    return filter_->on_data(*this, bytes, end_stream);
  }
  void about_to_write(Bytes bytes) { filter_->on_write(*this, bytes); }
  void close_filter();
  bool paused() const { return paused_; }

  DownstreamConnectionInfo& info() override { return owner_.info(); }
  void write(Bytes bytes) override { owner_.write_to_peer(bytes); }
  void close(bool flush, std::string_view reason) override {
    owner_.close_by_filter(flush, reason);
  }
  void resume() override { owner_.on_filter_resumed(*this); }
  void pause_reading(bool pause) override;
  void start_timer(std::chrono::milliseconds delay) override { timer_.start(delay); }
  unsigned worker() const override { return services_.worker; }
  uint64_t random() override { return services_.random(); }
  bool fraction(const config::RuntimeFraction& fraction) override;
  bool runtime_enabled(std::string_view key, bool fallback) override {
    return services_.runtime->boolean(key, fallback);
  }
  MonotonicTime now() const override { return services_.loop.now(); }

 private:
  void on_timer() { filter_->on_timer(*this); }

  FilterSlotOwner& owner_;
  ConnectionServices& services_;
  std::unique_ptr<NetworkFilter> filter_;
  runtime::Timer timer_;
  bool paused_ = false;
};

}  // namespace outrigger::net
