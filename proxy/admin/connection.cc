#include "proxy/admin/connection.h"

#include <ctime>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "boost/asio/as_tuple.hpp"
#include "boost/asio/use_awaitable.hpp"
#include "boost/asio/write.hpp"
#include "boost/beast/http/parser.hpp"
#include "boost/beast/http/read.hpp"
#include "fmt/chrono.h"
#include "fmt/format.h"

#include "proxy/admin/admin_shared.h"
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

bool has_form(const http::request<http::string_body>& request) {
  auto type = request[http::field::content_type];
  return absl::StartsWithIgnoreCase(absl::string_view(type.data(), type.size()),
                                    "application/x-www-form-urlencoded");
}

// Takes absolute-form apart too ("http://host/ready"), and "//ready" is "/ready".
Request to_request(const http::request<http::string_body>& from) {
  Request request;
  request.method = std::string(view_of(from.method_string()));
  std::string_view target = view_of(from.target());
  if (size_t scheme_end = target.find("://");
      !target.empty() && target.front() != '/' && scheme_end != target.npos) {
    size_t path = target.find('/', scheme_end + 3);
    target = path == target.npos ? std::string_view("/") : target.substr(path);
  }
  while (target.size() > 1 && target[0] == '/' && target[1] == '/') target.remove_prefix(1);
  target = target.substr(0, target.find('#'));
  size_t question = target.find('?');
  request.path = percent_decode(target.substr(0, question), false);
  if (question != target.npos) request.params.add(target.substr(question + 1), false);
  if (from.method() == http::verb::post && has_form(from)) request.params.add(from.body(), true);
  return request;
}

std::string head(const Response& response, bool http11, bool keep_alive, bool whole) {
  std::string text = fmt::format(
      "HTTP/1.{} {} {}\r\n"
      "content-type: {}\r\n"
      "cache-control: no-cache, max-age=0\r\n"
      "x-content-type-options: nosniff\r\n"
      "date: {:%a, %d %b %Y %H:%M:%S} GMT\r\n"
      "server: envoy\r\n",
      http11 ? 1 : 0, response.status,
      view_of(http::obsolete_reason(http::int_to_status(response.status))), response.content_type,
      fmt::gmtime(std::time(nullptr)));
  if (response.content_type == kHtml) {
    text +=
        "content-security-policy: default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
        "form-action 'self'; frame-ancestors 'none'\r\n";
  }
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

net::Address address_of(const Connection::Socket& socket, bool remote) {
  boost::system::error_code error;
  auto endpoint = remote ? socket.remote_endpoint(error) : socket.local_endpoint(error);
  return error ? net::Address()
               : net::Address::from_sockaddr(endpoint.data(),
                                             static_cast<socklen_t>(endpoint.size()));
}

int status_of(const boost::system::error_code& error) {
  if (error == http::error::header_limit) return 431;
  if (error == http::error::body_limit) return 413;
  if (error == http::error::bad_version) return 505;
  // Beast's parser has a category of its own; anything else is the connection's end.
  return error.category() == make_error_code(http::error::bad_method).category() ? 400 : 0;
}

Response not_same_origin() {
  return Response::text(
      403,
      "Forbidden: the request comes from the page of another site (Origin differs from Host).\n");
}

}  // namespace

Connection::Connection(std::shared_ptr<AdminServer::Shared> shared, Socket socket)
    : shared_(std::move(shared)), stream_(std::move(socket)) {
  shared_->connections.insert(this);
}

Connection::~Connection() {
  shared_->connections.erase(this);
  shared_->room.cancel();
}

void Connection::close() {
  stream_.close();
}

asio::awaitable<void> Connection::serve() {
  while (!shared_->stopped) {
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

asio::awaitable<bool> Connection::serve_one() {
  http::request_parser<http::string_body> parser;
  parser.header_limit(shared_->limits.header_bytes);
  parser.body_limit(shared_->limits.body_bytes);
  stream_.expires_after(shared_->limits.request);
  auto [error, octets] = co_await http::async_read(stream_, buffer_, parser, kAwait);
  if (shared_->stopped) co_return false;
  if (error) {
    int status = status_of(error);
    if (status != 0) co_await refuse(status, fmt::format("{}\n", error.message()));
    co_return false;
  }
  const HttpRequest& message = parser.get();
  Exchange exchange;
  exchange.start_time = std::chrono::system_clock::now();
  exchange.start = std::chrono::steady_clock::now();
  Request request = to_request(message);
  bool from_here = request.method != "POST" || same_origin(view_of(message[http::field::origin]),
                                                           view_of(message[http::field::host]));
  Response response = from_here ? answer(request, shared_->view) : not_same_origin();
  OUTRIGGER_LOG(admin, debug, "request complete: {} {}: {}", request.method, request.path,
                response.status);
  exchange.status = response.status;
  exchange.content_type = response.content_type;
  auto after = std::move(response.after);
  bool goes_on = co_await write_answer(message, std::move(response));
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
  exchange.http11 = request.version() >= 11;
  exchange.request_body_bytes = request.body().size();
  exchange.response_body_bytes = body_bytes_;
  exchange.remote = address_of(stream_.socket(), /*remote=*/true);
  exchange.local = address_of(stream_.socket(), /*remote=*/false);
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
