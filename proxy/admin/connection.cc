#include "proxy/admin/connection.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "boost/asio/as_tuple.hpp"
#include "boost/asio/use_awaitable.hpp"
#include "boost/asio/write.hpp"
#include "boost/beast/http/parser.hpp"
#include "boost/beast/http/read.hpp"
#include "fmt/format.h"

#include "proxy/admin/admin_shared.h"
#include "proxy/admin/http2_connection.h"
#include "proxy/admin/http_message.h"
#include "proxy/admin/origin_check.h"
#include "proxy/admin/pages.h"
#include "proxy/runtime/log.h"

// GCC 12 takes Asio's allocation of a coroutine's frame for a mismatch once it has inlined one half
// of it.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace outrigger::admin {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

// A body of known length is cut into writes of this size, each with its own deadline.
constexpr size_t kWriteBytes = 64 * 1024;

// How long a client that was refused may go on sending.
constexpr std::chrono::seconds kLinger{1};

// Most requests fit into the first read.
constexpr size_t kReadBytes = 4096;

std::string_view view_of(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

Request request_of(const http::request<http::string_body>& from) {
  return to_request({view_of(from.method_string()), view_of(from.target()),
                     view_of(from[http::field::content_type]), from.body()});
}

std::string head(const Response& response, bool http11, bool keep_alive, bool whole) {
  std::string text =
      fmt::format("HTTP/1.{} {} {}\r\n", http11 ? 1 : 0, response.status,
                  view_of(http::obsolete_reason(http::int_to_status(response.status))));
  for (const auto& [name, value] : answer_headers(response.content_type))
    text += fmt::format("{}: {}\r\n", name, value);
  if (whole) {
    text += fmt::format("content-length: {}\r\n", response.body.size());
  } else if (http11) {
    text += "transfer-encoding: chunked\r\n";
  }
  if (!keep_alive) text += "connection: close\r\n";
  if (keep_alive && !http11) text += "connection: keep-alive\r\n";
  return text + "\r\n";
}

void append_chunk(std::string_view piece, std::string& out) {
  if (piece.empty()) return;  // an empty chunk would end the body
  out += fmt::format("{:x}\r\n", piece.size());
  out += piece;
  out += "\r\n";
}

int status_of(const boost::system::error_code& error) {
  if (error == http::error::header_limit) return 431;
  if (error == http::error::body_limit) return 413;
  if (error == http::error::bad_version) return 505;
  // Beast's parser has a category of its own; anything else is the connection's end.
  return error.category() == make_error_code(http::error::bad_method).category() ? 400 : 0;
}

}  // namespace

Connection::Connection(std::shared_ptr<AdminServer::Shared> shared, Socket socket)
    : shared_(std::move(shared)), stream_(std::move(socket)) {
  shared_->connections.insert(this);
  shared_->stats.note_connection();
}

Connection::~Connection() {
  shared_->connections.erase(this);
  shared_->stats.note_closed(http2_, std::chrono::steady_clock::now() - accepted_);
  shared_->room.cancel();
}

void Connection::close() {
  stream_.close();
}

asio::awaitable<void> Connection::serve() {
  if (co_await wait_for_request()) {
    http2_ = co_await speaks_http2();
    shared_->stats.note_protocol(*http2_);
  }
  bool http2 = http2_.value_or(false);
  if (http2) {
    Http2Connection connection(*shared_, stream_);
    co_await connection.serve(std::string(view_of_buffer()));
  }
  while (!http2 && !shared_->stopped) {
    if (!co_await wait_for_request() || !co_await serve_one()) break;
  }
  boost::system::error_code ignored;
  stream_.socket().shutdown(Socket::shutdown_both, ignored);
}

asio::awaitable<bool> Connection::wait_for_request() {
  if (buffer_.size() > 0) co_return true;
  stream_.expires_after(shared_->limits.idle);
  auto [error, octets] = co_await stream_.async_read_some(buffer_.prepare(kReadBytes), kAwait);
  if (error) co_return false;
  buffer_.commit(octets);
  co_return octets > 0;
}

std::string_view Connection::view_of_buffer() const {
  return {static_cast<const char*>(buffer_.data().data()), buffer_.size()};
}

// A client that knows that it may begins with a text that is no request of HTTP/1.
asio::awaitable<bool> Connection::speaks_http2() {
  constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  stream_.expires_after(shared_->limits.request);
  while (view_of_buffer().size() < kPreface.size()) {
    if (!kPreface.starts_with(view_of_buffer())) co_return false;
    auto [error, octets] = co_await stream_.async_read_some(buffer_.prepare(kReadBytes), kAwait);
    if (error) co_return false;
    buffer_.commit(octets);
  }
  co_return view_of_buffer().starts_with(kPreface);
}

asio::awaitable<bool> Connection::serve_one() {
  http::request_parser<http::string_body> parser;
  parser.header_limit(shared_->limits.header_bytes);
  parser.body_limit(shared_->limits.body_bytes);
  stream_.expires_after(shared_->limits.request);
  auto [error, octets] = co_await http::async_read(stream_, buffer_, parser, kAwait);
  if (shared_->stopped) co_return false;
  Exchange exchange;
  exchange.start_time = std::chrono::system_clock::now();
  exchange.start = std::chrono::steady_clock::now();
  if (error) {
    exchange.status = status_of(error);
    if (exchange.status == 0) co_return false;
    shared_->stats.note_request(false);
    co_await refuse(exchange.status, fmt::format("{}\n", error.message()));
    shared_->stats.note_answered(exchange);
    co_return false;
  }
  const HttpRequest& message = parser.get();
  shared_->stats.note_request(false);
  Request request = request_of(message);
  bool from_here = request.method != "POST" || same_origin(view_of(message[http::field::origin]),
                                                           view_of(message[http::field::host]));
  Response response = from_here ? answer(request, shared_->view) : not_same_origin();
  OUTRIGGER_LOG(admin, debug, "request complete: {} {}: {}", request.method, request.path,
                response.status);
  exchange.status = response.status;
  exchange.content_type = response.content_type;
  auto after = std::move(response.after);
  bool goes_on = co_await write_answer(message, std::move(response));
  shared_->stats.note_answered(exchange);
  log(message, exchange);
  if (after && !shared_->stopped) after();
  co_return goes_on;
}

asio::awaitable<bool> Connection::write_answer(const HttpRequest& request, Response response) {
  body_bytes_ = 0;
  bool http11 = request.version() >= 11;
  bool whole = !response.rest;
  // An HTTP/1.0 client knows the end of a body of unknown length by the connection's end.
  bool keep_alive = request.keep_alive() && (whole || http11);
  std::string out = head(response, http11, keep_alive, whole);
  if (request.method() == http::verb::head) co_return co_await write(out) && keep_alive;
  co_return co_await write_body(response, !whole && http11, std::move(out)) && keep_alive;
}

asio::awaitable<bool> Connection::write_body(Response& response, bool chunked, std::string out) {
  body_bytes_ = response.body.size();
  if (chunked) {
    append_chunk(response.body, out);
  } else {
    out += response.body;
  }
  std::string piece;
  for (bool more = static_cast<bool>(response.rest); more;) {
    piece.clear();
    more = response.rest(piece);
    body_bytes_ += piece.size();
    if (chunked) {
      append_chunk(piece, out);
    } else {
      out += piece;
    }
    if (!more) break;
    if (!co_await write(out)) co_return false;
    out.clear();
  }
  if (chunked) out += "0\r\n\r\n";
  co_return co_await write(out);
}

asio::awaitable<bool> Connection::write(const std::string& octets) {
  for (size_t at = 0; at < octets.size(); at += kWriteBytes) {
    stream_.expires_after(shared_->limits.progress);
    size_t size = std::min(kWriteBytes, octets.size() - at);
    auto [error, written] =
        co_await asio::async_write(stream_, asio::buffer(octets.data() + at, size), kAwait);
    if (error || shared_->stopped) co_return false;
  }
  co_return true;
}

void Connection::log(const HttpRequest& request, const Exchange& so_far) {
  if (shared_->access_log == nullptr) return;
  Exchange exchange = so_far;
  exchange.protocol = request.version() >= 11 ? outrigger::http::Protocol::http11
                                              : outrigger::http::Protocol::http10;
  exchange.request_body_bytes = request.body().size();
  exchange.response_body_bytes = body_bytes_;
  put_addresses(stream_.socket(), exchange);
  auto& headers = exchange.request_headers;
  headers.emplace_back(":method", view_of(request.method_string()));
  headers.emplace_back(":authority", view_of(request[http::field::host]));
  headers.emplace_back(":path", view_of(request.target()));
  headers.emplace_back(":scheme", "http");
  for (const auto& field : request) {
    if (field.name() == http::field::host) continue;
    headers.emplace_back(absl::AsciiStrToLower(std::string(view_of(field.name_string()))),
                         view_of(field.value()));
  }
  shared_->access_log->write(exchange);
}

// What the client still sends is read and dropped: closing with unread octets would reset the
// connection, and the answer with it.
asio::awaitable<void> Connection::refuse(int status, std::string text) {
  Response response = Response::text(status, std::move(text));
  if (!co_await write(head(response, true, false, true) + response.body)) co_return;
  boost::system::error_code failed;
  stream_.socket().shutdown(Socket::shutdown_send, failed);
  stream_.expires_after(kLinger);
  while (!failed) {
    buffer_.clear();
    auto [error, octets] = co_await stream_.async_read_some(buffer_.prepare(kReadBytes), kAwait);
    failed = error;
  }
}

}  // namespace outrigger::admin
