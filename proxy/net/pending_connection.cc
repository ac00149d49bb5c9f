#include "proxy/net/pending_connection.h"

#include <utility>

#include "proxy/net/listener.h"

namespace outrigger::net {
namespace {

constexpr Outcome kRemoteClose{ResponseFlag::downstream_connection_termination,
                               {},
                               "the client closed before the listener filters were through"};
constexpr Outcome kTimeout{{}, {}, "the listener filters were not through in time"};
constexpr Outcome kShutdown{{}, {}, "the proxy shuts down"};

}  // namespace

PendingConnection::PendingConnection(Listener& listener,
                                     std::unique_ptr<runtime::Transport> transport,
                                     DownstreamConnectionInfo info, bool may_hand_off)
    : listener_(listener),
      transport_(std::move(transport)),
      info_(std::move(info)),
      may_hand_off_(may_hand_off),
      timer_(listener.services().loop.timers(),
             runtime::Timer::call<&PendingConnection::on_timeout, PendingConnection>(), this) {
  transport_->set_handler(*this);
  listener_.stats().downstream_pre_cx_active.inc();
}

PendingConnection::~PendingConnection() = default;

unsigned PendingConnection::worker() const {
  return listener_.services().worker;
}

void PendingConnection::start() {
  auto timeout = listener_.config().listener_filters_timeout;
  if (timeout.count() > 0) timer_.start(timeout);
  run();
}

void PendingConnection::run() {
  while (begin_next_filter()) {
    if (!ask_filter()) return;
    filter_.reset();
  }
  hand_over();
}

// False: there is no filter left.
bool PendingConnection::begin_next_filter() {
  const auto& filters = listener_.config().listener_filters;
  while (filter_ == nullptr && next_ < filters.size()) {
    const config::ListenerFilterEntry& entry = filters[next_++];
    // Asked now, not at the start: a filter before may have restored the destination.
    bool disabled = entry.disabled != nullptr && entry.disabled->matches(info_);
    if (!disabled) filter_ = entry.factory->create();
  }
  return filter_ != nullptr;
}

bool PendingConnection::ask_filter() {
  size_t consumed = 0;
  ListenerFilterVerdict verdict = filter_->look(*this, arrived_, eof_, consumed);
  arrived_.erase(0, consumed);
  if (verdict.kind() == ListenerFilterVerdict::Kind::next) return true;
  if (verdict.kind() == ListenerFilterVerdict::Kind::close) {
    end({{}, {}, verdict.why()});
  } else if (eof_) {
    listener_.stats().downstream_listener_filter_remote_close.inc();
    end(kRemoteClose);
  }
  return false;
}

void PendingConnection::on_data(Bytes bytes) {
  if (ended()) return;
  arrived_.append(bytes);
  run();
}

void PendingConnection::on_eof() {
  if (ended()) return;
  eof_ = true;
  run();
}

void PendingConnection::on_closed(int) {
  if (ended()) return;
  listener_.stats().downstream_listener_filter_error.inc();
  end(kRemoteClose);
}

void PendingConnection::on_timeout() {
  listener_.stats().downstream_pre_cx_timeout.inc();
  if (!listener_.config().continue_on_listener_filters_timeout) {
    end(kTimeout);
    return;
  }
  hand_over();
}

void PendingConnection::hand_over() {
  std::unique_ptr<runtime::Transport> transport = std::move(transport_);
  timer_.cancel();
  listener_.stats().downstream_pre_cx_active.dec();
  bool replayed = (arrived_.empty() && !eof_) || transport->unread(arrived_, eof_);
  DownstreamConnectionInfo info = std::move(info_);
  Listener& listener = listener_;
  bool may_hand_off = may_hand_off_;
  if (!replayed) closed_ = std::move(transport);
  listener_.on_pending_ended(*this);
  if (replayed) listener.choose_chain(std::move(transport), std::move(info), may_hand_off);
}

void PendingConnection::close_now() {
  end(kShutdown);
}

void PendingConnection::end(const Outcome& outcome) {
  closed_ = std::move(transport_);
  timer_.cancel();
  listener_.stats().downstream_pre_cx_active.dec();
  listener_.give_up(info_, outcome);
  listener_.on_pending_ended(*this);
}

}  // namespace outrigger::net
