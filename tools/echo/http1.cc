// The HTTP/1 side of the echo upstream, on Boost.Beast's parser.
#include <array>
#include <optional>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>

#include "tools/echo/answer.h"
#include "tools/echo/connection.h"

namespace outrigger::echo {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

using Parser = http::request_parser<http::buffer_body>;

// Bodies are counted, not kept: a gigabyte costs 64 KiB.
asio::awaitable<uint64_t> count_body(Socket& socket, beast::flat_buffer& received, Parser& parser) {
  std::array<char, 64 * 1024> scratch;
  uint64_t total = 0;
  while (!parser.is_done()) {
    parser.get().body().data = scratch.data();
    parser.get().body().size = scratch.size();
    boost::system::error_code error;
    co_await http::async_read(socket, received, parser,
                              asio::redirect_error(asio::use_awaitable, error));
    total += scratch.size() - parser.get().body().size;
    if (error && error != http::error::need_buffer) throw boost::system::system_error(error);
  }
  co_return total;
}

Request describe(const Parser& parser, uint64_t body_bytes) {
  const auto& message = parser.get();
  Request request;
  request.method = message.method_string();
  request.target = message.target();
  request.protocol = message.version() == 10 ? "HTTP/1.0" : "HTTP/1.1";
  for (const auto& field : message)
    request.headers.emplace_back(field.name_string(), field.value());
  request.body_bytes = body_bytes;
  return request;
}

asio::awaitable<void> write(Socket& socket, const Answer& answer, bool head_only, bool close) {
  auto reason = http::obsolete_reason(static_cast<http::status>(answer.status));
  bool bodiless = answer.status == 204 || answer.status == 304;
  std::string out = fmt::format("HTTP/1.1 {} {}\r\n", answer.status,
                                std::string_view(reason.data(), reason.size()));
  if (!bodiless) {
    out += fmt::format("content-type: {}\r\ncontent-length: {}\r\n", answer.content_type,
                       answer.body.size() + answer.filler_bytes);
  }
  out += close ? "connection: close\r\n\r\n" : "\r\n";
  if (bodiless || head_only) {
    co_await asio::async_write(socket, asio::buffer(out), asio::use_awaitable);
    co_return;
  }
  out += answer.body;
  uint64_t left = answer.filler_bytes;
  size_t piece = static_cast<size_t>(std::min<uint64_t>(left, filler().size()));
  std::array<asio::const_buffer, 2> first = {asio::buffer(out),
                                             asio::buffer(filler().data(), piece)};
  co_await asio::async_write(socket, first, asio::use_awaitable);
  for (left -= piece; left > 0; left -= piece) {
    piece = static_cast<size_t>(std::min<uint64_t>(left, filler().size()));
    co_await asio::async_write(socket, asio::buffer(filler().data(), piece), asio::use_awaitable);
  }
}

bool expects_continue(const Parser& parser) {
  return beast::iequals(parser.get()[http::field::expect], "100-continue");
}

}  // namespace

asio::awaitable<void> serve_http1(Socket& socket, beast::flat_buffer& received,
                                  std::string_view name) {
  for (bool keep = true; keep;) {
    Parser parser;
    parser.body_limit(boost::none);
    boost::system::error_code error;
    co_await http::async_read_header(socket, received, parser,
                                     asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;  // end of stream between requests
    if (expects_continue(parser)) {
      co_await asio::async_write(socket,
                                 asio::buffer(std::string_view("HTTP/1.1 100 Continue\r\n\r\n")),
                                 asio::use_awaitable);
    }
    uint64_t body_bytes = co_await count_body(socket, received, parser);
    Answer answer = answer_to(describe(parser, body_bytes), name);
    if (answer.delay.count() > 0) {
      asio::steady_timer timer(co_await asio::this_coro::executor, answer.delay);
      co_await timer.async_wait(asio::use_awaitable);
    }
    keep = parser.get().keep_alive() && !answer.close;
    co_await write(socket, answer, parser.get().method() == http::verb::head, !keep);
  }
}

}  // namespace outrigger::echo
