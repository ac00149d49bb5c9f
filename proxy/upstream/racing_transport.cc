#include "proxy/upstream/racing_transport.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

namespace outrigger::upstream {
namespace {

// RFC 8305 recommends 250 ms; Envoy waits 300 ms.
constexpr std::chrono::milliseconds kDelay{300};

}  // namespace

class RacingTransport::Attempt final : public runtime::TransportHandler {
 public:
  explicit Attempt(RacingTransport& race) : race_(race) {}
  void on_connected() override {
    if (transport != nullptr) race_.won(*this);
  }
  void on_data(Bytes) override {}
  void on_eof() override {}
  void on_closed(int error) override {
    if (transport != nullptr) race_.lost(*this, error);
  }

  std::unique_ptr<runtime::Transport> transport;  // nullptr: the race is over for it

 private:
  RacingTransport& race_;
};

// What may still be on the stack.
struct RacingTransport::Given final : runtime::Deferred {
  std::unique_ptr<Attempt> attempt;
  std::unique_ptr<runtime::Transport> transport;
};

RacingTransport::RacingTransport(runtime::Loop& loop, std::vector<net::Address> addresses,
                                 Open open, runtime::TransportHandler& handler)
    : loop_(loop),
      addresses_(std::move(addresses)),
      open_(std::move(open)),
      handler_(&handler),
      delay_(loop.timers(), runtime::Timer::call<&RacingTransport::on_delay, RacingTransport>(),
             this),
      cancelled_([](void* self) { static_cast<RacingTransport*>(self)->on_cancelled(); }, this) {}

RacingTransport::~RacingTransport() = default;

absl::Status RacingTransport::start() {
  try_next();
  if (attempts_.empty()) return last_status_;
  started_ = true;
  return absl::OkStatus();
}

void RacingTransport::try_next() {
  while (next_ < addresses_.size()) {
    auto attempt = std::make_unique<Attempt>(*this);
    auto transport = open_(addresses_[next_++], *attempt);
    if (!transport.ok()) {
      last_status_ = transport.status();
      last_error_ = ECONNREFUSED;
      continue;
    }
    attempt->transport = *std::move(transport);
    attempts_.push_back(std::move(attempt));
    if (next_ < addresses_.size()) delay_.start(kDelay);
    return;
  }
  if (attempts_.empty() && started_) handler_->on_closed(last_error_);
}

void RacingTransport::give_up(Attempt& attempt) {
  auto at = std::find_if(attempts_.begin(), attempts_.end(),
                         [&](const auto& owned) { return owned.get() == &attempt; });
  auto given = std::make_unique<Given>();
  given->attempt = std::move(*at);
  given->transport = std::move(attempt.transport);
  attempts_.erase(at);
  loop_.defer_delete(std::move(given));
}

void RacingTransport::give_up_all() {
  delay_.cancel();
  while (!attempts_.empty()) give_up(*attempts_.back());
}

void RacingTransport::won(Attempt& attempt) {
  winner_ = std::move(attempt.transport);
  give_up_all();
  winner_->set_handler(*handler_);
  if (output_limit_ != 0) winner_->set_output_limit(output_limit_);
  if (!waiting_.empty()) winner_->write(std::exchange(waiting_, {}));
  if (paused_) winner_->pause_reading(true);
  if (shutdown_) winner_->shutdown_write();
  handler_->on_connected();
}

void RacingTransport::lost(Attempt& attempt, int error) {
  last_error_ = error;
  give_up(attempt);
  if (next_ < addresses_.size() || attempts_.empty()) {
    delay_.cancel();
    try_next();
  }
}

void RacingTransport::on_cancelled() {
  handler_->on_closed(0);
}

void RacingTransport::set_handler(runtime::TransportHandler& handler) {
  handler_ = &handler;
  if (winner_ != nullptr) winner_->set_handler(handler);
}

void RacingTransport::write(Bytes bytes) {
  if (winner_ != nullptr) {
    winner_->write(bytes);
  } else {
    waiting_.append(bytes);
  }
}

char* RacingTransport::reserve(size_t bytes) {
  if (winner_ != nullptr) return winner_->reserve(bytes);
  reserved_.resize(bytes);
  return reserved_.data();
}

void RacingTransport::commit(size_t bytes) {
  if (winner_ != nullptr) {
    winner_->commit(bytes);
  } else {
    waiting_.append(reserved_, 0, bytes);
  }
}

void RacingTransport::pause_reading(bool pause) {
  paused_ = pause;
  if (winner_ != nullptr) winner_->pause_reading(pause);
}

void RacingTransport::shutdown_write() {
  shutdown_ = true;
  if (winner_ != nullptr) winner_->shutdown_write();
}

size_t RacingTransport::output_queued() const {
  return winner_ == nullptr ? waiting_.size() : winner_->output_queued();
}

void RacingTransport::set_output_limit(size_t bytes) {
  output_limit_ = bytes;
  if (winner_ != nullptr) winner_->set_output_limit(bytes);
}

void RacingTransport::flush() {
  if (winner_ != nullptr) winner_->flush();
}

void RacingTransport::close_when_flushed() {
  if (winner_ != nullptr) {
    winner_->close_when_flushed();
    return;
  }
  next_ = addresses_.size();
  give_up_all();
  loop_.run_soon(cancelled_);
}

net::Address RacingTransport::local_address() const {
  return winner_ == nullptr ? net::Address() : winner_->local_address();
}

net::Address RacingTransport::remote_address() const {
  return winner_ == nullptr ? addresses_.front() : winner_->remote_address();
}

uint64_t RacingTransport::bytes_received() const {
  return winner_ == nullptr ? 0 : winner_->bytes_received();
}

uint64_t RacingTransport::bytes_sent() const {
  return winner_ == nullptr ? 0 : winner_->bytes_sent();
}

bool RacingTransport::set_option(const net::SocketOption& option) {
  return winner_ != nullptr && winner_->set_option(option);
}

}  // namespace outrigger::upstream
