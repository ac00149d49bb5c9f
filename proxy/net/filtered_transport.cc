#include "proxy/net/filtered_transport.h"

#include <utility>

namespace outrigger::net {
namespace {

using runtime::Timer;

// After a filter has ended a connection, how long the peer may take to end its side: what it still
// sends is read and dropped, so that the answer is not lost to a reset.
constexpr std::chrono::seconds kLinger{1};

}  // namespace

FilteredTransport::FilteredTransport(std::unique_ptr<runtime::Transport> inner,
                                     DownstreamConnectionInfo info,
                                     const config::FilterChain& chain, ConnectionServices& services,
                                     FilteredTransportOwner& owner)
    : inner_(std::move(inner)),
      services_(services),
      owner_(&owner),
      own_info_(std::move(info)),
      started_(services.loop.now()),
      run_task_([](void* self) { static_cast<FilteredTransport*>(self)->run(); }, this),
      wrote_task_([](void* self) { static_cast<FilteredTransport*>(self)->wrote_ = false; }, this),
      linger_timer_(
          services.loop.timers(),
          [](void* self) { static_cast<FilteredTransport*>(self)->finish(0); }, this) {
  for (const config::NetworkFilterEntry& entry : chain.filters)
    slots_.push_back(std::make_unique<FilterSlot>(*this, services, entry.factory->create()));
  inner_->set_handler(*this);
}

FilteredTransport::~FilteredTransport() {
  info_ = &own_info_;  // the chain's end, and the facts with it, may be gone already
  close_filters();
}

// Goes on where the connection stands. Called once at the start, and whenever something that held
// it up is over, from the loop and not from inside somebody's call.
void FilteredTransport::run() {
  if (state_ == State::starting) run_new_connection();
  if (state_ == State::open) run_kept();
  if (state_ == State::closing) begin_closing();
}

void FilteredTransport::run_new_connection() {
  while (stopped_ == kNone && state_ == State::starting) {
    if (next_ == slots_.size()) {
      state_ = State::admitted;
      next_ = 0;
      std::exchange(owner_, nullptr)->on_admitted(*this);
      return;
    }
    size_t at = next_++;
    if (slots_[at]->new_connection() == NetworkVerdict::stop) stopped_ = at;
  }
}

void FilteredTransport::begin() {
  if (state_ == State::admitted) state_ = State::open;
  if (connected_) handler_->on_connected();
  if (!kept_.empty() || kept_end_) services_.loop.run_soon(run_task_);
}

void FilteredTransport::on_connected() {
  if (info_->tls == nullptr) info_->tls = inner_->tls().get();
  if (state_ == State::open && handler_ != nullptr) {
    handler_->on_connected();
  } else {
    connected_ = true;
  }
}

void FilteredTransport::arrived(Bytes bytes, bool end_stream) {
  if (state_ == State::closing || state_ == State::closed) return;
  bool waits = !kept_.empty() || kept_end_ || stopped_ != kNone || state_ != State::open;
  if (waits) {
    keep(0, bytes, end_stream);
    return;
  }
  run_data(0, bytes, end_stream);
}

// Reading is paused while something is kept, so `kept_` is what one read brings; should more come,
// all of it goes through the filters again.
void FilteredTransport::keep(size_t next, Bytes bytes, bool end_stream) {
  kept_.append(bytes);
  kept_end_ = kept_end_ || end_stream;
  next_ = state_ == State::open ? next : next_;
  update_pause();
}

void FilteredTransport::run_kept() {
  if (stopped_ != kNone || (kept_.empty() && !kept_end_)) return;
  if (next_ == slots_.size() && end_paused_) return;
  std::string bytes = std::exchange(kept_, {});
  bool end_stream = std::exchange(kept_end_, false);
  run_data(std::exchange(next_, 0), bytes, end_stream);
  update_pause();
}

void FilteredTransport::run_data(size_t from, Bytes bytes, bool end_stream) {
  for (size_t at = from; at < slots_.size(); ++at) {
    bool shown = !bytes.empty();
    NetworkVerdict verdict = slots_[at]->data(bytes, end_stream);
    if (state_ != State::open) return;
    if (verdict == NetworkVerdict::stop) {
      stopped_ = at;
      keep(at + 1, bytes, end_stream);
      return;
    }
    if (shown && bytes.empty() && !end_stream) return;  // the filter took all of it
  }
  deliver(bytes, end_stream);
}

void FilteredTransport::deliver(Bytes bytes, bool end_stream) {
  if (end_paused_) {
    keep(slots_.size(), bytes, end_stream);
    return;
  }
  if (!bytes.empty()) handler_->on_data(bytes);
  if (!end_stream || state_ != State::open) return;
  if (end_paused_) {
    keep(slots_.size(), {}, true);
  } else {
    handler_->on_eof();
  }
}

void FilteredTransport::on_filter_resumed(FilterSlot& slot) {
  if (stopped_ == kNone || slots_[stopped_].get() != &slot) return;
  stopped_ = kNone;
  services_.loop.run_soon(run_task_);
}

void FilteredTransport::pause_reading(bool pause) {
  end_paused_ = pause;
  update_pause();
  if (!pause && (!kept_.empty() || kept_end_)) services_.loop.run_soon(run_task_);
}

void FilteredTransport::update_pause() {
  bool pause = end_paused_ || !kept_.empty() || kept_end_;
  for (const auto& slot : slots_) pause = pause || slot->paused();
  // Who is on the way out is read to its end.
  if (state_ == State::closing || state_ == State::closed) pause = false;
  inner_->pause_reading(pause);
}

void FilteredTransport::tell_writers(Bytes bytes) {
  if (wrote_ || state_ != State::open) return;
  wrote_ = true;
  services_.loop.run_soon(wrote_task_);
  for (const auto& slot : slots_) slot->about_to_write(bytes);
}

void FilteredTransport::write(Bytes bytes) {
  tell_writers(bytes);
  if (state_ != State::closing) inner_->write(bytes);
}

char* FilteredTransport::reserve(size_t bytes) {
  tell_writers({});  // what will be written is not there yet
  return inner_->reserve(bytes);
}

void FilteredTransport::close_when_flushed() {
  kept_.clear();
  kept_end_ = false;
  end_paused_ = false;
  update_pause();
  inner_->close_when_flushed();
}

void FilteredTransport::close_by_filter(bool flush, std::string_view reason) {
  if (state_ == State::closing || state_ == State::closed) return;
  if (!reason.empty()) info_->local_close_reason = reason;
  flush_close_ = flush;
  state_ = State::closing;
  services_.loop.run_soon(run_task_);
}

void FilteredTransport::begin_closing() {
  if (!flush_close_) {
    finish(0);
    return;
  }
  kept_.clear();
  kept_end_ = false;
  update_pause();
  inner_->close_when_flushed();
  linger_timer_.start(kLinger);
}

void FilteredTransport::finish(int error) {
  if (state_ == State::closed) return;
  state_ = State::closed;
  linger_timer_.cancel();
  run_task_.cancel();
  close_filters();
  if (owner_ != nullptr) {
    std::exchange(owner_, nullptr)->on_turned_away(*this);
  } else if (handler_ != nullptr) {
    handler_->on_closed(error);
  }
}

void FilteredTransport::close_filters() {
  if (std::exchange(filters_closed_, true)) return;
  for (const auto& slot : slots_) slot->close_filter();
}

}  // namespace outrigger::net
