#include "proxy/upstream/peer_exchange_transport.h"

#include <cerrno>
#include <utility>

namespace outrigger::upstream {

PeerExchangeTransport::PeerExchangeTransport(std::unique_ptr<runtime::Transport> inner,
                                             std::shared_ptr<const config::PeerExchange> exchange,
                                             runtime::Loop& loop, PeerExchangeStats& stats,
                                             runtime::TransportHandler& handler)
    : inner_(std::move(inner)),
      exchange_(std::move(exchange)),
      loop_(loop),
      stats_(stats),
      handler_(&handler),
      broken_task_([](void* self) { static_cast<PeerExchangeTransport*>(self)->on_broken(); },
                   this) {
  inner_->set_handler(*this);
}

void PeerExchangeTransport::on_connected() {
  auto secure = inner_->tls();
  if (secure != nullptr && secure->alpn() == exchange_->protocol) {
    state_ = State::reading;
    reader_ = std::make_unique<PeerHelloReader>();
    stats_.alpn_protocol_found.inc();
    stats_.metadata_added.inc();
    inner_->write(exchange_->hello);
  } else {
    state_ = State::passing;
    stats_.alpn_protocol_not_found.inc();
  }
  handler_->on_connected();
}

void PeerExchangeTransport::on_data(Bytes bytes) {
  if (state_ == State::passing) return handler_->on_data(bytes);
  if (state_ != State::reading) return;
  using Read = PeerHelloReader::State;
  Read result = reader_->feed(bytes, exchange_->labels);
  if (result == Read::more) return;
  if (result == Read::too_long) {
    // Never from inside of what the loop gives: the handler ends its connection in on_closed.
    state_ = State::broken;
    stats_.initial_header_not_found.inc();
    inner_->pause_reading(true);
    loop_.run_soon(broken_task_);
    return;
  }
  if (result == Read::not_found) stats_.initial_header_not_found.inc();
  if (result == Read::malformed) stats_.header_not_found.inc();
  state_ = State::passing;
  // The rest lives as long as the reader, which the call must outlive.
  std::unique_ptr<PeerHelloReader> reader = std::move(reader_);
  if (!reader->rest().empty()) handler_->on_data(reader->rest());
}

void PeerExchangeTransport::on_eof() {
  if (state_ == State::reading) {
    state_ = State::passing;
    std::unique_ptr<PeerHelloReader> reader = std::move(reader_);
    if (!reader->rest().empty()) handler_->on_data(reader->rest());
  }
  if (state_ == State::passing) handler_->on_eof();
}

void PeerExchangeTransport::on_closed(int error) {
  broken_task_.cancel();
  handler_->on_closed(error);
}

void PeerExchangeTransport::on_broken() {
  handler_->on_closed(EPROTO);
}

}  // namespace outrigger::upstream
