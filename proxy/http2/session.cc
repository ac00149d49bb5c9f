#include "proxy/http2/session.h"

#include <algorithm>
#include <new>

#include "proxy/http2/callbacks.h"
#include "proxy/http2/details.h"

namespace outrigger::http2 {
namespace {

using http::FeedResult;
using http::ResetReason;

// Stream objects kept for reuse: as many as a busy connection has at a time; a larger burst pays
// malloc.
constexpr size_t kMaxSpareStreams = 32;
// Octets of complete responses that wait for the window of a client which is still sending its
// request, per connection. They belong to streams without a handler, so no timeout of the proxy's
// watches them.
constexpr size_t kMaxLingeringBytes = 1024 * 1024;

}  // namespace

Session::Session(Side side, http::CodecTransport& transport, http::ConnectionEvents& events,
                 http::ServerEvents* server_events, const http::Http2Options& options,
                 http::Http2Stats& stats)
    : side_(side),
      transport_(transport),
      events_(events),
      server_events_(server_events),
      options_(options),
      stats_(stats),
      guard_(options, stats),
      order_(side) {
  OptionPtr option = session_options(side, options);
  int error = side == Side::server
                  ? nghttp2_session_server_new2(&raw_, session_callbacks(), this, option.get())
                  : nghttp2_session_client_new2(&raw_, session_callbacks(), this, option.get());
  if (error != 0) throw std::bad_alloc();  // the only failure there is
  submit_settings();
}

Session::~Session() {
  lost_ = true;
  while (streams_ != nullptr) {
    streams_->end(ResetReason::local_reset, {});
    remove(*streams_);
  }
  for (void* spare : spare_streams_) ::operator delete(spare);
  nghttp2_session_del(raw_);
}

// They leave with the first flush: in answer to the peer's first octets, or with the first request.
void Session::submit_settings() {
  std::vector<nghttp2_settings_entry> settings;
  auto put = [&](int32_t id, uint32_t value) {
    settings.push_back(nghttp2_settings_entry{id, value});
  };
  if (side_ == Side::client) put(NGHTTP2_SETTINGS_ENABLE_PUSH, 0);
  put(NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, options_.hpack_table_size);
  put(NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, options_.allow_connect ? 1 : 0);
  put(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, options_.max_concurrent_streams);
  put(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options_.initial_stream_window_size);
  for (const auto& [id, value] : options_.custom_settings) put(id, value);
  nghttp2_submit_settings(raw_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(
      raw_, NGHTTP2_FLAG_NONE, 0, static_cast<int32_t>(options_.initial_connection_window_size));
}

FeedResult Session::feed(Bytes bytes) {
  if (lost_ || !failure_.empty()) return verdict(bytes.size());
  size_t orderly = order_.scan(bytes);
  feeding_ = true;
  receiving_ = true;
  ssize_t read =
      nghttp2_session_mem_recv(raw_, reinterpret_cast<const uint8_t*>(bytes.data()), orderly);
  receiving_ = false;
  if (read < 0) fail_receive(static_cast<int>(read));
  fail_order();
  flush();
  feeding_ = false;
  return verdict(bytes.size());
}

FeedResult Session::feed_eof() {
  connection_lost(ResetReason::connection_termination, detail::kPeerClosed);
  return FeedResult{0, FeedResult::Kind::close, failure_.empty() ? detail::kPeerClosed : failure_};
}

FeedResult Session::verdict(size_t consumed) const {
  if (!finished()) return FeedResult{consumed, FeedResult::Kind::ok, {}};
  // A drained connection ends without a detail: that would name a fault of the peer's.
  std::string_view detail = failure_.empty() && lost_ ? detail::kPeerClosed : failure_;
  return FeedResult{consumed, FeedResult::Kind::close, detail};
}

bool Session::finished() const {
  if (lost_ || !failure_.empty()) return true;
  // After a GOAWAY of either side, with the last stream gone.
  return nghttp2_session_want_read(raw_) == 0 && nghttp2_session_want_write(raw_) == 0;
}

void Session::flush() {
  if (receiving_ || sending_ || lost_) return;
  if (!transport_blocked_) guard_.flushed();
  sending_ = true;
  int error = nghttp2_session_send(raw_);
  if (error == 0 && failure_.empty()) {
    std::string_view flood = guard_.outbound_verdict();
    if (!flood.empty()) {
      fail(flood, NGHTTP2_ENHANCE_YOUR_CALM);
      error = nghttp2_session_send(raw_);
    }
  }
  sending_ = false;
  if (error != 0 && failure_.empty()) failure_ = detail::kInternalError;
  tell_failure();
}

// feed() says it in its result; here is what one of our own streams has brought about.
void Session::tell_failure() {
  if (failure_.empty() || feeding_ || failure_told_) return;
  failure_told_ = true;
  events_.on_failed();
}

bool Session::sends_now(bool opens_stream) const {
  if (receiving_ || sending_ || lost_ || !failure_.empty()) return false;
  return !opens_stream || streams_on_wire_ < max_concurrent_streams();
}

void Session::fail(std::string_view detail, uint32_t code) {
  if (!failure_.empty()) return;
  failure_ = detail;
  nghttp2_session_terminate_session(raw_, code);
}

int Session::fail_if(std::string_view detail) {
  if (detail.empty()) return 0;
  fail(detail, NGHTTP2_ENHANCE_YOUR_CALM);
  return NGHTTP2_ERR_CALLBACK_FAILURE;
}

void Session::fail_receive(int error) {
  switch (error) {
    case NGHTTP2_ERR_BAD_CLIENT_MAGIC:
      fail(detail::kBadPreface, NGHTTP2_PROTOCOL_ERROR);
      return;
    case NGHTTP2_ERR_FLOODED:  // acknowledgements that one read of the peer's asked for
      stats_.outbound_control_flood.inc();
      fail(detail::kOutboundControlFlood, NGHTTP2_ENHANCE_YOUR_CALM);
      return;
    case NGHTTP2_ERR_TOO_MANY_CONTINUATIONS:
      fail(detail::kContinuationFlood, NGHTTP2_ENHANCE_YOUR_CALM);
      return;
    default:
      fail(detail::kInternalError,
           NGHTTP2_INTERNAL_ERROR);  // unless a callback has named its reason before
  }
}

void Session::fail_order() {
  switch (order_.violation()) {
    case FrameOrder::Violation::none:
      return;
    case FrameOrder::Violation::stream_ended:
      fail(detail::kStreamClosed, NGHTTP2_STREAM_CLOSED);
      return;
    case FrameOrder::Violation::stream_passed_over:
      fail(detail::kProtocolError, NGHTTP2_PROTOCOL_ERROR);
      return;
  }
}

void Session::connection_lost(ResetReason reason, std::string_view detail) {
  lost_ = true;
  while (streams_ != nullptr) {
    Stream& stream = *streams_;
    Stream::Ending ending = stream.end(reason, detail);
    remove(stream);
    ending.tell();
  }
}

void Session::transport_blocked() {
  transport_blocked_ = true;
  update_streams();
}

void Session::transport_resumed() {
  transport_blocked_ = false;
  flush();
  update_streams();
}

void Session::update_streams() {
  walk_again_ = true;
  if (walking_) return;
  walking_ = true;
  while (walk_again_) walk_streams();
  walking_ = false;
}

void Session::walk_streams() {
  walk_again_ = false;
  walk_next_ = streams_;
  while (walk_next_ != nullptr) {
    Stream* stream = walk_next_;
    walk_next_ = stream->next;
    stream->update_write_state();
  }
}

void Session::begin_drain() {
  if (draining_ || lost_) return;
  draining_ = true;
  if (side_ == Side::server) nghttp2_submit_shutdown_notice(raw_);
  flush();
}

void Session::finish_drain() {
  if (lost_ || !failure_.empty()) return;
  draining_ = true;
  // A client's GOAWAY names the last pushed stream: none.
  int32_t last = side_ == Side::server ? nghttp2_session_get_last_proc_stream_id(raw_) : 0;
  nghttp2_submit_goaway(raw_, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, nullptr, 0);
  stats_.goaway_sent.inc();
  flush();
}

void Session::send_ping() {
  if (lost_ || ping_outstanding_) return;
  ping_outstanding_ = nghttp2_submit_ping(raw_, NGHTTP2_FLAG_NONE, nullptr) == 0;
  flush();
}

bool Session::reusable() const {
  return !lost_ && failure_.empty() && !draining_ && !goaway_received_;
}

uint32_t Session::max_concurrent_streams() const {
  // Before the peer's SETTINGS nghttp2 has our own limit here too (callbacks.cc).
  uint32_t peer =
      nghttp2_session_get_remote_settings(raw_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
  return std::min(peer, options_.max_concurrent_streams);
}

bool Session::can_open_stream() const {
  return reusable() && live_streams_ < max_concurrent_streams() &&
         nghttp2_session_check_request_allowed(raw_) != 0;
}

Stream& Session::open_stream(http::StreamHandler& handler) {
  Stream& stream = make_stream();
  stream.attach(handler);
  ++active_streams_;
  return stream;
}

Stream& Session::make_stream() {
  void* memory = nullptr;
  if (spare_streams_.empty()) {
    memory = ::operator new(sizeof(Stream));
  } else {
    memory = spare_streams_.back();
    spare_streams_.pop_back();
  }
  auto* stream = new (memory) Stream(*this);
  stream->next = streams_;
  if (streams_ != nullptr) streams_->previous = stream;
  streams_ = stream;
  ++live_streams_;
  stats_.streams_active.inc();
  guard_.stream_opened();
  return *stream;
}

void Session::remove(Stream& stream) {
  if (streams_ == &stream) {
    streams_ = stream.next;
  } else {
    stream.previous->next = stream.next;
  }
  if (stream.next != nullptr) stream.next->previous = stream.previous;
  if (walk_next_ == &stream) walk_next_ = stream.next;
  if (recent_ == &stream) recent_ = nullptr;
  if (lender_ == &stream) lender_ = nullptr;
  if (data_stream_ == &stream) data_stream_ = nullptr;
  --live_streams_;
  stats_.streams_active.dec();
  stream.~Stream();
  if (spare_streams_.size() < kMaxSpareStreams) {
    spare_streams_.push_back(&stream);
  } else {
    ::operator delete(&stream);
  }
}

void Session::forget(Stream& stream) {
  remove(stream);
}

bool Session::admit_lingering(size_t bytes) {
  if (lingering_bytes_ + bytes > kMaxLingeringBytes) return false;
  lingering_bytes_ += bytes;
  return true;
}

}  // namespace outrigger::http2
