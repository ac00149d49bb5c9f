#include "proxy/admin/http2_connection.h"

#include <algorithm>
#include <array>
#include <utility>

#include "boost/asio/as_tuple.hpp"
#include "boost/asio/use_awaitable.hpp"
#include "boost/asio/write.hpp"

#include "proxy/admin/admin_shared.h"

// GCC 12 takes Asio's allocation of a coroutine's frame for a mismatch once it has inlined one half
// of it.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace outrigger::admin {
namespace {

namespace asio = boost::asio;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

// Each write has its own deadline.
constexpr size_t kWriteBytes = 64 * 1024;
constexpr size_t kReadBytes = 16 * 1024;
// Tools ask one thing at a time; each may send a body of the limit.
constexpr uint32_t kMaxStreams = 100;
constexpr uint32_t kStreamWindow = 64 * 1024;
constexpr uint32_t kConnectionWindow = 1024 * 1024;

http::Http2Options options_of(const AdminLimits& limits) {
  http::Http2Options options;
  options.limits.max_bytes = limits.header_bytes;
  options.max_concurrent_streams = kMaxStreams;
  options.initial_stream_window_size = kStreamWindow;
  options.initial_connection_window_size = kConnectionWindow;
  return options;
}

}  // namespace

Http2Connection::Http2Connection(AdminServer::Shared& shared, Stream& stream)
    : shared_(shared),
      stream_(stream),
      options_(options_of(shared.limits)),
      codec_(new http2::Http2ServerCodec(*this, *this, options_, stats_)) {}

Http2Connection::~Http2Connection() {
  for (const auto& exchange : exchanges_) shared_.stats.note_answered(exchange->log());
  codec_->on_connection_lost(http::ResetReason::connection_termination, "connection_closed");
}

char* Http2Connection::reserve(size_t bytes) {
  reserved_at_ = output_.size();
  output_.resize(reserved_at_ + bytes);
  return output_.data() + reserved_at_;
}

http::StreamHandler& Http2Connection::on_new_stream(http::StreamEncoder& encoder) {
  shared_.stats.note_request(true);
  exchanges_.push_back(
      std::make_unique<Http2Exchange>(shared_.view, shared_.limits, chunks_, encoder));
  return *exchanges_.back();
}

bool Http2Connection::feed(std::string_view octets) {
  if (codec_->feed(octets).kind == http::FeedResult::Kind::close) closing_ = true;
  return !closing_;
}

bool Http2Connection::advance() {
  bool did = false;
  for (size_t i = 0; i < exchanges_.size(); ++i) did = exchanges_[i]->advance() || did;
  return did;
}

// Of those that are over the log is told, and what was to follow an answer happens: it has left.
void Http2Connection::drop_finished() {
  std::vector<std::unique_ptr<Http2Exchange>> finished;
  for (auto& exchange : exchanges_) {
    if (exchange->over()) finished.push_back(std::move(exchange));
  }
  std::erase(exchanges_, nullptr);
  for (auto& exchange : finished) {
    shared_.stats.note_answered(exchange->log());
    if (shared_.access_log != nullptr && exchange->answered()) {
      Exchange log = exchange->log();
      put_addresses(stream_.socket(), log);
      shared_.access_log->write(log);
    }
    if (auto after = exchange->take_after(); after && !shared_.stopped) after();
  }
}

// An unfinished request has as long as one over HTTP/1.1; a connection may be idle, and so may a
// call that goes on.
std::chrono::steady_clock::time_point Http2Connection::deadline() const {
  auto now = std::chrono::steady_clock::now();
  auto until = now + shared_.limits.idle;
  for (const auto& exchange : exchanges_) {
    if (exchange->waits_for_client()) until = std::min(until, now + shared_.limits.progress);
    if (exchange->waits_for_request())
      until = std::min(until, exchange->began() + shared_.limits.request);
  }
  return until;
}

asio::awaitable<void> Http2Connection::serve(std::string received) {
  std::array<char, kReadBytes> buffer;
  feed(received);
  while (!shared_.stopped) {
    bool more = advance();
    if (!co_await flush()) co_return;
    drop_finished();
    if (closing_ || codec_->finished()) co_return;
    if (more) continue;
    stream_.expires_at(deadline());
    auto [error, octets] = co_await stream_.async_read_some(asio::buffer(buffer), kAwait);
    if (error) co_return;
    feed({buffer.data(), octets});
  }
}

asio::awaitable<bool> Http2Connection::flush() {
  std::string out = std::exchange(output_, {});
  for (size_t at = 0; at < out.size(); at += kWriteBytes) {
    stream_.expires_after(shared_.limits.progress);
    size_t size = std::min(kWriteBytes, out.size() - at);
    auto [error, written] =
        co_await asio::async_write(stream_, asio::buffer(out.data() + at, size), kAwait);
    if (error || shared_.stopped) co_return false;
  }
  co_return true;
}

}  // namespace outrigger::admin
