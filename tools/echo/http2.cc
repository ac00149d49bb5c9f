// The HTTP/2 side of the echo upstream, on nghttp2.
#include <algorithm>
#include <cstring>
#include <memory>
#include <unordered_map>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <nghttp2/nghttp2.h>

#include "tools/echo/answer.h"
#include "tools/echo/connection.h"

namespace outrigger::echo {
namespace {

namespace asio = boost::asio;

constexpr int32_t kWindow =
    4 * 1024 * 1024;  // of each stream and the connection: a sender is not slowed by us
constexpr size_t kLargestWrite = 256 * 1024;

struct Stream {
  Request request;
  Answer answer;
  uint64_t sent = 0;
};

// One connection's session. Lifetime: shared with the timers of answers that are delayed; `socket`
// is null once the connection ended.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Socket& socket, std::string_view name) : socket_(&socket), name_(name) {}
  ~Session() { nghttp2_session_del(session_); }

  void start();
  bool receive(const void* data, size_t size) {
    return nghttp2_session_mem_recv(session_, static_cast<const uint8_t*>(data), size) >= 0;
  }
  bool finished() const {
    return !nghttp2_session_want_read(session_) && !nghttp2_session_want_write(session_);
  }
  asio::awaitable<void> flush();
  void detach() { socket_ = nullptr; }

 private:
  static Session& self(void* user) { return *static_cast<Session*>(user); }
  void on_request(int32_t id);
  void submit(int32_t id);
  asio::awaitable<void> submit_later(int32_t id, std::chrono::milliseconds delay);
  void on_header(int32_t id, std::string_view name, std::string_view value);
  ssize_t read_body(Stream& stream, uint8_t* out, size_t room, uint32_t* flags);

  Socket* socket_;
  std::string_view name_;
  nghttp2_session* session_ = nullptr;
  std::unordered_map<int32_t, Stream> streams_;
  bool writing_ = false;
};

void Session::start() {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(
      callbacks,
      [](nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
         const uint8_t* value, size_t value_size, uint8_t, void* user) {
        self(user).on_header(frame->hd.stream_id, {reinterpret_cast<const char*>(name), name_size},
                             {reinterpret_cast<const char*>(value), value_size});
        return 0;
      });
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
      callbacks,
      [](nghttp2_session*, uint8_t, int32_t id, const uint8_t*, size_t size, void* user) {
        self(user).streams_[id].request.body_bytes += size;
        return 0;
      });
  nghttp2_session_callbacks_set_on_frame_recv_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
        bool carries_request = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
        if (carries_request && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
          self(user).on_request(frame->hd.stream_id);
        return 0;
      });
  nghttp2_session_callbacks_set_on_stream_close_callback(
      callbacks, [](nghttp2_session*, int32_t id, uint32_t, void* user) {
        self(user).streams_.erase(id);
        return 0;
      });
  nghttp2_session_server_new(&session_, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);
  nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1000},
                                       {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kWindow}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kWindow);
}

void Session::on_header(int32_t id, std::string_view name, std::string_view value) {
  Request& request = streams_[id].request;
  if (name == ":method") {
    request.method = value;
  } else if (name == ":path") {
    request.target = value;
  } else {
    request.headers.emplace_back(name, value);
  }
}

void Session::on_request(int32_t id) {
  Stream& stream = streams_[id];
  stream.request.protocol = "HTTP/2";
  stream.answer = answer_to(stream.request, name_);
  if (stream.answer.delay.count() == 0) return submit(id);
  asio::co_spawn(socket_->get_executor(), submit_later(id, stream.answer.delay), asio::detached);
}

asio::awaitable<void> Session::submit_later(int32_t id, std::chrono::milliseconds delay) {
  auto alive = shared_from_this();
  asio::steady_timer timer(socket_->get_executor(), delay);
  co_await timer.async_wait(asio::use_awaitable);
  if (socket_ == nullptr || !streams_.contains(id)) co_return;
  submit(id);
  co_await flush();
}

void Session::submit(int32_t id) {
  Stream& stream = streams_[id];
  const Answer& answer = stream.answer;
  std::string status = std::to_string(answer.status);
  std::string length = std::to_string(answer.body.size() + answer.filler_bytes);
  auto field = [](std::string_view name, const std::string& value) {
    return nghttp2_nv{reinterpret_cast<uint8_t*>(const_cast<char*>(name.data())),
                      reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())), name.size(),
                      value.size(), NGHTTP2_NV_FLAG_NONE};
  };
  nghttp2_nv head[] = {field(":status", status), field("content-type", answer.content_type),
                       field("content-length", length)};
  nghttp2_data_provider body;
  body.source.ptr = this;
  body.read_callback = [](nghttp2_session*, int32_t stream_id, uint8_t* out, size_t room,
                          uint32_t* flags, nghttp2_data_source* source, void*) {
    Session& session = self(source->ptr);
    return session.read_body(session.streams_[stream_id], out, room, flags);
  };
  bool bodiless = stream.request.method == "HEAD" || answer.status == 204 || answer.status == 304;
  nghttp2_submit_response(session_, id, head, answer.status == 204 ? 1 : std::size(head),
                          bodiless ? nullptr : &body);
}

ssize_t Session::read_body(Stream& stream, uint8_t* out, size_t room, uint32_t* flags) {
  const Answer& answer = stream.answer;
  uint64_t total = answer.body.size() + answer.filler_bytes;
  size_t size = 0;
  if (stream.sent < answer.body.size()) {
    size = std::min(room, answer.body.size() - static_cast<size_t>(stream.sent));
    std::memcpy(out, answer.body.data() + stream.sent, size);
  } else {
    size = static_cast<size_t>(std::min<uint64_t>(room, total - stream.sent));
    std::memset(out, 'x', size);
  }
  stream.sent += size;
  if (stream.sent == total) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(size);
}

// Writes what the session has to say. Only one writer at a time: a second caller leaves it to the
// first.
asio::awaitable<void> Session::flush() {
  if (writing_) co_return;
  writing_ = true;
  std::string out;
  while (socket_ != nullptr) {
    out.clear();
    const uint8_t* data = nullptr;
    ssize_t size = 0;
    while (out.size() < kLargestWrite && (size = nghttp2_session_mem_send(session_, &data)) > 0) {
      out.append(reinterpret_cast<const char*>(data), static_cast<size_t>(size));
    }
    if (out.empty()) break;
    boost::system::error_code error;
    co_await asio::async_write(*socket_, asio::buffer(out),
                               asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
  }
  writing_ = false;
}

}  // namespace

asio::awaitable<void> serve_http2(Socket& socket, boost::beast::flat_buffer& received,
                                  std::string_view name) {
  auto session = std::make_shared<Session>(socket, name);
  session->start();
  boost::system::error_code error;
  bool good = session->receive(received.data().data(), received.size());
  received.consume(received.size());
  co_await session->flush();
  while (good && !error && !session->finished()) {
    auto room = received.prepare(64 * 1024);
    size_t size =
        co_await socket.async_read_some(room, asio::redirect_error(asio::use_awaitable, error));
    if (!error) good = session->receive(room.data(), size);
    co_await session->flush();
  }
  session->detach();
}

}  // namespace outrigger::echo
