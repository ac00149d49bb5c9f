#include "proxy/tls/tls_transport.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <openssl/err.h>

#include "proxy/runtime/log.h"
#include "proxy/tls/context_settings.h"
#include "proxy/tls/failure_sentence.h"
#include "proxy/tls/handshake_result.h"
#include "proxy/tls/record_bio.h"

namespace outrigger::tls {

using runtime::Slab;

namespace {

// A client that was sent an alert needs a moment to read it before the connection is reset.
constexpr std::chrono::milliseconds kAlertLinger{1000};

// What others left behind would be taken for our own. To look is cheaper than to clear.
void forget_errors() {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

}  // namespace

TlsTransport::TlsTransport(runtime::Loop& loop, Parts parts)
    : loop_(loop),
      inner_(std::move(parts.inner)),
      context_(std::move(parts.context)),
      ssl_(std::move(parts.ssl)),
      check_{parts.verifier, &context_->stats(), std::move(parts.verify_names), {}},
      turn_end_([](void* self) { static_cast<TlsTransport*>(self)->end_turn(); }, this),
      timer_(loop.timers(), runtime::Timer::call<&TlsTransport::on_timeout, TlsTransport>(), this),
      handshake_timeout_(parts.handshake_timeout),
      timeouts_(parts.timeouts),
      server_(SSL_is_server(ssl_.get()) == 1) {
  SSL_set_app_data(ssl_.get(), &check_);
  RecordBio::attach(ssl_.get(), *this);
  inner_->set_handler(*this);
  if (server_) {
    state_ = State::handshaking;
    if (handshake_timeout_.count() > 0) timer_.start(handshake_timeout_);
  }
}

TlsTransport::~TlsTransport() {
  if (gather_ != nullptr) loop_.slabs().give(gather_);
  // Without this OpenSSL takes the session for broken and does not resume it.
  SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

void TlsTransport::on_connected() {
  if (state_ != State::waiting) return;
  state_ = State::handshaking;
  if (handshake_timeout_.count() > 0) timer_.start(handshake_timeout_);
  handshake();
}

// ---- reading

void TlsTransport::on_data(Bytes bytes) {
  if (ended() || peer_ended_) return;
  if (!held_.empty()) {
    held_.append(bytes);
    return;
  }
  input_ = bytes;
  read_input();
  hold_rest();
}

// What the handler does in its calls is heard here: it may pause, close or fail the transport, but
// destroys it only through the loop's garbage.
void TlsTransport::read_input() {
  reading_ = true;
  if (state_ != State::handshaking || handshake()) read_records();
  reading_ = false;
  if (peer_ended_) deliver_eof();
}

bool TlsTransport::handshake() {
  forget_errors();
  int result = SSL_do_handshake(ssl_.get());
  if (result == 1) {
    finish_handshake();
    return state_ == State::open;
  }
  if (SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ) return false;
  fail_with_queue();
  return false;
}

void TlsTransport::finish_handshake() {
  timer_.cancel();
  X509* peer =
      SSL_session_reused(ssl_.get()) == 1 ? SSL_get0_peer_certificate(ssl_.get()) : nullptr;
  if (peer != nullptr && check_.verifier != nullptr &&
      !check_.verifier->still_valid(peer, check_)) {
    fail("TLS_error:|" + check_.failure + ":TLS_error_end", EPROTO);
    return;
  }
  state_ = State::open;
  context_->on_handshake(ssl_.get());
  if (paused_) inner_->pause_reading(true);
  if (!backlog_.empty() || shutdown_wanted_) want_turn_end();
  handler_->on_connected();
}

void TlsTransport::read_records() {
  if (state_ != State::open || paused_ || peer_ended_) return;
  // Records cannot be longer in plain text than they are encrypted, but for one that began before.
  constexpr size_t kLarge = 64 * 1024;
  Slab* slab = loop_.slabs().take(input_.size() > runtime::SlabPool::kCapacity ? kLarge : 1);
  size_t filled = 0;
  while (state_ == State::open && !paused_) {
    if (filled == slab->capacity) {
      handler_->on_data(Bytes(slab->data(), std::exchange(filled, 0)));
      continue;
    }
    forget_errors();
    size_t got = 0;
    int result = SSL_read_ex(ssl_.get(), slab->data() + filled, slab->capacity - filled, &got);
    if (result != 1) {
      if (filled > 0) handler_->on_data(Bytes(slab->data(), std::exchange(filled, 0)));
      note_end(result);
      break;
    }
    filled += got;
    // The usual end: no call that could only say so.
    if (input_.empty() && backlog_.empty() && SSL_has_pending(ssl_.get()) == 0) {
      handler_->on_data(Bytes(slab->data(), filled));
      break;
    }
  }
  loop_.slabs().give(slab);
}

void TlsTransport::note_end(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      if (!backlog_.empty()) want_turn_end();  // a renegotiation may be over
      return;
    case SSL_ERROR_ZERO_RETURN:
      peer_ended_ = true;
      return;
    default:
      if (!ended()) fail_with_queue();
  }
}

void TlsTransport::hold_rest() {
  if (!input_.empty() && state_ == State::open && !peer_ended_) held_.append(input_);
  input_ = {};
}

void TlsTransport::pause_reading(bool pause) {
  if (paused_ == pause) return;
  paused_ = pause;
  if (state_ != State::open) return;
  if (pause) {
    inner_->pause_reading(true);
  } else {
    resume_wanted_ = true;
    want_turn_end();
  }
}

void TlsTransport::resume_reading() {
  if (paused_ || reading_ || state_ != State::open) return;
  std::string held = std::exchange(held_, {});
  input_ = held;
  read_input();
  hold_rest();
  if (!paused_ && state_ == State::open) inner_->pause_reading(false);
}

void TlsTransport::on_eof() {
  if (ended()) return;
  if (state_ != State::open) {
    fail("TLS_error:|the peer closed the connection during the TLS handshake:TLS_error_end",
         EPROTO);
    return;
  }
  peer_ended_ = true;
  deliver_eof();
}

void TlsTransport::deliver_eof() {
  if (eof_delivered_ || paused_ || state_ != State::open) return;
  eof_delivered_ = true;
  handler_->on_eof();
}

// ---- writing

void TlsTransport::write(Bytes bytes) {
  if (ended() || shutdown_wanted_) return;
  while (!bytes.empty()) {
    bool direct = gather_ == nullptr && bytes.size() >= kMaxRecordBytes;
    if (direct) {
      size_t whole = bytes.size() - bytes.size() % kMaxRecordBytes;
      encrypt_or_keep(bytes.substr(0, whole));
      bytes.remove_prefix(whole);
      continue;
    }
    if (gather_ == nullptr) gather_ = loop_.slabs().take();
    size_t size =
        std::min(bytes.size(), kMaxRecordBytes - std::min(kMaxRecordBytes, gather_->size()));
    size = std::min(size, gather_->room());
    if (size > 0) {
      std::memcpy(gather_->data() + gather_->end, bytes.data(), size);
      bytes.remove_prefix(size);
    }
    commit(size);
    if (size == 0) encrypt_waiting();
  }
}

char* TlsTransport::reserve(size_t bytes) {
  if (gather_ != nullptr && gather_->room() < bytes) encrypt_waiting();
  if (gather_ == nullptr) gather_ = loop_.slabs().take(bytes);
  return gather_->data() + gather_->end;
}

void TlsTransport::commit(size_t bytes) {
  if (gather_ == nullptr) return;
  if (ended() || shutdown_wanted_) bytes = 0;
  gather_->end += static_cast<uint32_t>(bytes);
  want_turn_end();
  if (gather_->size() >= kMaxRecordBytes) encrypt_waiting();
}

// Everything that was gathered goes out, or behind what cannot go out yet.
void TlsTransport::encrypt_waiting() {
  if (state_ == State::open && !backlog_.empty()) {
    size_t taken = 0;
    bool all = encrypt(backlog_, taken);
    backlog_.erase(0, taken);
    if (all) backlog_ = std::string();
    update_blocked();
  }
  if (gather_ == nullptr) return;
  Slab* slab = std::exchange(gather_, nullptr);
  encrypt_or_keep(Bytes(slab->data() + slab->begin, slab->size()));
  loop_.slabs().give(slab);
}

void TlsTransport::encrypt_or_keep(Bytes bytes) {
  if (bytes.empty() || ended()) return;
  if (state_ == State::open && backlog_.empty()) {
    size_t taken = 0;
    if (encrypt(bytes, taken)) return;
    bytes.remove_prefix(taken);
  }
  backlog_.append(bytes);
  update_blocked();
}

// False: OpenSSL has to read first (a renegotiation), or the connection failed.
bool TlsTransport::encrypt(Bytes bytes, size_t& taken) {
  while (taken < bytes.size()) {
    forget_errors();
    size_t written = 0;
    int result = SSL_write_ex(ssl_.get(), bytes.data() + taken, bytes.size() - taken, &written);
    if (result != 1) {
      if (SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_READ) fail_with_queue();
      return false;
    }
    taken += written;
  }
  return true;
}

size_t TlsTransport::output_queued() const {
  return inner_->output_queued() + backlog_.size() + (gather_ == nullptr ? 0 : gather_->size());
}

void TlsTransport::set_output_limit(size_t bytes) {
  output_limit_ = bytes;
  inner_->set_output_limit(bytes);
}

void TlsTransport::flush() {
  encrypt_waiting();
  inner_->flush();
}

void TlsTransport::on_write_blocked() {
  inner_blocked_ = true;
  update_blocked();
}

void TlsTransport::on_write_resumed() {
  inner_blocked_ = false;
  update_blocked();
}

void TlsTransport::update_blocked() {
  bool blocked = inner_blocked_ || backlog_.size() > output_limit_;
  if (blocked == blocked_ || ended()) return;
  blocked_ = blocked;
  blocked ? handler_->on_write_blocked() : handler_->on_write_resumed();
}

void TlsTransport::want_turn_end() {
  loop_.run_soon(turn_end_);
}

void TlsTransport::end_turn() {
  if (state_ == State::failing && !server_) {
    state_ = State::dead;
    handler_->on_closed(error_);
    return;
  }
  encrypt_waiting();
  if (shutdown_wanted_) send_close_notify();
  if (std::exchange(resume_wanted_, false)) resume_reading();
}

// ---- the end

void TlsTransport::shutdown_write() {
  if (ended() || shutdown_wanted_) return;
  encrypt_waiting();
  shutdown_wanted_ = true;
  want_turn_end();
}

// The socket stays open for reading, as Envoy keeps it: close_notify is TLS's FIN.
void TlsTransport::send_close_notify() {
  if (state_ != State::open || shutdown_sent_ || !backlog_.empty()) return;
  shutdown_sent_ = true;
  forget_errors();
  SSL_shutdown(ssl_.get());
}

void TlsTransport::close_when_flushed() {
  if (ended()) return;
  timer_.cancel();
  encrypt_waiting();
  send_close_notify();
  state_ = State::closing;
  inner_->close_when_flushed();
}

void TlsTransport::on_closed(int error) {
  if (state_ == State::dead) return;
  timer_.cancel();
  turn_end_.cancel();
  if (state_ == State::failing) error = error_;
  if (state_ == State::handshaking && failure_reason_.empty())
    failure_reason_ = "TLS_error:|the connection was lost during the TLS handshake:TLS_error_end";
  state_ = State::dead;
  handler_->on_closed(error);
}

void TlsTransport::fail_with_queue() {
  TlsFailure failure = explain(take_errors(), check_.failure);
  TlsStats& stats = context_->stats();
  if (failure.no_certificate) {
    stats.fail_verify_no_cert.inc();
  } else if (!failure.verification) {
    stats.connection_error.inc();
  }
  fail(std::move(failure.reason), EPROTO);
}

// Never calls the handler from inside: a write may have found the failure.
void TlsTransport::fail(std::string reason, int error) {
  OUTRIGGER_LOG(connection, debug, "{}: {}", inner_->remote_address().text(), reason);
  failure_reason_ = std::move(reason);
  error_ = error;
  state_ = State::failing;
  if (server_) {
    timer_.start(kAlertLinger);
    inner_->close_when_flushed();
    return;
  }
  inner_->flush();
  want_turn_end();
}

void TlsTransport::on_timeout() {
  if (state_ == State::failing) {
    state_ = State::dead;
    handler_->on_closed(error_);
    return;
  }
  if (timeouts_ != nullptr) timeouts_->inc();
  failure_reason_ = "TLS_error:|the TLS handshake was not over in time:TLS_error_end";
  state_ = State::dead;
  handler_->on_closed(ETIMEDOUT);
}

std::shared_ptr<const TlsConnection> TlsTransport::tls() const {
  if (state_ < State::open || SSL_is_init_finished(ssl_.get()) != 1) return result_;
  if (result_ == nullptr) {
    const char* name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
    bool validated = check_.verifier != nullptr && check_.verifier->validates(check_) &&
                     SSL_get_verify_result(ssl_.get()) == X509_V_OK;
    result_ = std::make_shared<HandshakeResult>(ssl_.get(), name == nullptr ? "" : name, validated,
                                                context_->local_certificate(ssl_.get()));
  }
  return result_;
}

}  // namespace outrigger::tls
