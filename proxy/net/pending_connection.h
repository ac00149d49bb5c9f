// PendingConnection: an accepted connection whose listener filters look at it. One buffer holds
// what has arrived and serves them all; at the end the octets go back to the transport, for the
// chain's end. States: looking -> (handed over | ended). Thread: one worker. Lifetime: owned by its
// listener until it has ended; the loop destroys it with the turn.
#pragma once

#include <memory>
#include <string>

#include "api/filter/listener_filter.h"
#include "api/outcome.h"
#include "proxy/net/connection_services.h"
#include "proxy/runtime/loop.h"

namespace outrigger::net {

class Listener;

class PendingConnection final : public runtime::Deferred,
                                private runtime::TransportHandler,
                                private ListenerFilterContext {
 public:
  PendingConnection(Listener& listener, std::unique_ptr<runtime::Transport> transport,
                    DownstreamConnectionInfo info, bool may_hand_off);
  ~PendingConnection() override;

  // Asks the filters; may end it.
  void start();
  // Ends it now; the listener closes.
  void close_now();
  size_t index = 0;  // the listener's place for it

 private:
  // TransportHandler
  void on_data(Bytes bytes) override;
  void on_eof() override;
  void on_closed(int error) override;
  // ListenerFilterContext
  DownstreamConnectionInfo& info() override { return info_; }
  std::optional<Address> original_destination() override {
    return transport_->original_destination();
  }
  void use_source_address(const Address& source, uint32_t mark) override {
    info_.make_extras().upstream_source = SourceAddress{source, mark};
  }
  unsigned worker() const override;

  void run();
  bool begin_next_filter();
  // True: the filter is done, the next one looks.
  bool ask_filter();
  void hand_over();
  void end(const Outcome& outcome);
  void on_timeout();
  bool ended() const { return transport_ == nullptr; }

  Listener& listener_;
  std::unique_ptr<runtime::Transport> transport_;  // nullptr: it has ended
  std::unique_ptr<runtime::Transport> closed_;     // dies with it
  DownstreamConnectionInfo info_;
  std::string arrived_;  // not consumed yet
  std::unique_ptr<ListenerFilter> filter_;
  size_t next_ = 0;  // the filter after filter_
  bool eof_ = false;
  bool may_hand_off_;
  runtime::Timer timer_;
};

}  // namespace outrigger::net
