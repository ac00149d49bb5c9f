#include "proxy/http2/callbacks.h"

#include <limits>

#include "proxy/http2/session.h"

namespace outrigger::http2 {
namespace {

// A head that we send was limited where it came from; this only has to be larger than any such
// limit.
constexpr size_t kMaxSendHeaderBlock = 16 * 1024 * 1024;
constexpr size_t kFramePayload = 16 * 1024;
// Frames that a legal header block may be spread over beyond the full ones; nghttp2's own default.
constexpr size_t kSpareContinuations = 8;

Session& session_of(void* user_data) {
  return *static_cast<Session*>(user_data);
}

std::string_view text(nghttp2_rcbuf* buffer) {
  nghttp2_vec vec = nghttp2_rcbuf_get_buf(buffer);
  return {reinterpret_cast<const char*>(vec.base), vec.len};
}

Bytes bytes(const uint8_t* data, size_t length) {
  return {reinterpret_cast<const char*>(data), length};
}

// A session whose connection is gone stops at the next callback.
template <class Call>
int guarded(void* user_data, Call call) {
  Session& session = session_of(user_data);
  if (session.dead()) return NGHTTP2_ERR_CALLBACK_FAILURE;
  int result = call(session);
  return session.dead() ? NGHTTP2_ERR_CALLBACK_FAILURE : result;
}

ssize_t on_send(nghttp2_session*, const uint8_t* data, size_t length, int, void* user_data) {
  int result = guarded(user_data, [&](Session& session) {
    session.on_send(bytes(data, length));
    return 0;
  });
  return result == 0 ? static_cast<ssize_t>(length) : result;
}

int on_send_data(nghttp2_session*, nghttp2_frame*, const uint8_t* head, size_t length,
                 nghttp2_data_source* source, void* user_data) {
  return guarded(user_data, [&](Session&) {
    static_cast<Stream*>(source->ptr)->write_data(head, length);
    return 0;
  });
}

ssize_t read_data(nghttp2_session*, int32_t, uint8_t*, size_t room, uint32_t* flags,
                  nghttp2_data_source* source, void* user_data) {
  if (session_of(user_data).dead()) return NGHTTP2_ERR_CALLBACK_FAILURE;
  return static_cast<Stream*>(source->ptr)->read_data(room, *flags);
}

int on_begin_frame(nghttp2_session*, const nghttp2_frame_hd* head, void* user_data) {
  return guarded(user_data, [&](Session& session) { return session.on_begin_frame(*head); });
}

int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
  return guarded(user_data, [&](Session& session) { return session.on_begin_headers(*frame); });
}

int on_header(nghttp2_session*, const nghttp2_frame* frame, nghttp2_rcbuf* name,
              nghttp2_rcbuf* value, uint8_t, void* user_data) {
  return guarded(user_data, [&](Session& session) {
    return session.on_header(*frame, text(name), text(value));
  });
}

int on_invalid_header(nghttp2_session*, const nghttp2_frame*, nghttp2_rcbuf*, nghttp2_rcbuf*,
                      uint8_t, void*) {
  return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;  // otherwise nghttp2 would drop the field and let
                                                 // the message pass
}

int on_data_chunk(nghttp2_session*, uint8_t, int32_t stream_id, const uint8_t* data, size_t length,
                  void* user_data) {
  return guarded(user_data, [&](Session& session) {
    return session.on_data_chunk(stream_id, bytes(data, length));
  });
}

int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
  return guarded(user_data, [&](Session& session) { return session.on_frame(*frame); });
}

int on_invalid_frame(nghttp2_session*, const nghttp2_frame* frame, int error, void* user_data) {
  return guarded(user_data,
                 [&](Session& session) { return session.on_invalid_frame(*frame, error); });
}

int on_stream_close(nghttp2_session*, int32_t stream_id, uint32_t code, void* user_data) {
  return guarded(user_data,
                 [&](Session& session) { return session.on_stream_close(stream_id, code); });
}

int on_frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
  return guarded(user_data, [&](Session& session) { return session.on_frame_sent(*frame); });
}

int on_frame_not_sent(nghttp2_session*, const nghttp2_frame* frame, int, void* user_data) {
  return guarded(user_data, [&](Session& session) { return session.on_frame_not_sent(*frame); });
}

nghttp2_session_callbacks* make_callbacks() {
  nghttp2_session_callbacks* table = nullptr;
  if (nghttp2_session_callbacks_new(&table) != 0) return nullptr;
  nghttp2_session_callbacks_set_send_callback(table, on_send);
  nghttp2_session_callbacks_set_send_data_callback(table, on_send_data);
  nghttp2_session_callbacks_set_on_begin_frame_callback(table, on_begin_frame);
  nghttp2_session_callbacks_set_on_begin_headers_callback(table, on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback2(table, on_header);
  nghttp2_session_callbacks_set_on_invalid_header_callback2(table, on_invalid_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(table, on_data_chunk);
  nghttp2_session_callbacks_set_on_frame_recv_callback(table, on_frame);
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(table, on_invalid_frame);
  nghttp2_session_callbacks_set_on_stream_close_callback(table, on_stream_close);
  nghttp2_session_callbacks_set_on_frame_send_callback(table, on_frame_sent);
  nghttp2_session_callbacks_set_on_frame_not_send_callback(table, on_frame_not_sent);
  return table;
}

}  // namespace

const nghttp2_session_callbacks* session_callbacks() {
  static const nghttp2_session_callbacks* const kTable = make_callbacks();
  return kTable;
}

nghttp2_data_provider data_provider(Stream& stream) {
  nghttp2_data_provider provider{};
  provider.source.ptr = &stream;
  provider.read_callback = read_data;
  return provider;
}

OptionPtr session_options(Side side, const http::Http2Options& options) {
  nghttp2_option* made = nullptr;
  if (nghttp2_option_new(&made) != 0) return nullptr;
  OptionPtr option(made);
  nghttp2_option_set_no_auto_window_update(made, 1);
  nghttp2_option_set_no_closed_streams(
      made, 1);  // they would only serve priorities, and cost memory per connection
  // Envoy tolerates white space around values too; the decoder trims it.
  nghttp2_option_set_no_rfc9113_leading_and_trailing_ws_validation(made, 1);
  nghttp2_option_set_max_send_header_block_length(made, kMaxSendHeaderBlock);
  nghttp2_option_set_max_deflate_dynamic_table_size(made, options.hpack_table_size);
  nghttp2_option_set_max_outbound_ack(made, options.max_outbound_control_frames);
  nghttp2_option_set_max_continuations(
      made, options.limits.max_bytes / kFramePayload + kSpareContinuations);
  // nghttp2's own limit of resets reads the clock; FloodGuard has one that does not.
  nghttp2_option_set_stream_reset_rate_limit(made, std::numeric_limits<uint64_t>::max(), 0);
  if (side == Side::client)
    nghttp2_option_set_peer_max_concurrent_streams(made, options.max_concurrent_streams);
  return option;
}

}  // namespace outrigger::http2
