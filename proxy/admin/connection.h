// Connection: one client of the administration interface: reads requests, one after the other, and
// writes the pages' answers; or hands over to Http2Connection. Thread: main. Lifetime: held by its
// coroutine.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "boost/asio/awaitable.hpp"
#include "boost/asio/generic/stream_protocol.hpp"
#include "boost/beast/core/basic_stream.hpp"
#include "boost/beast/core/flat_buffer.hpp"
#include "boost/beast/http/message.hpp"
#include "boost/beast/http/string_body.hpp"

#include "proxy/admin/access_log.h"
#include "proxy/admin/admin_server.h"
#include "proxy/admin/page.h"

namespace outrigger::admin {

class Connection {
 public:
  using Protocol = boost::asio::generic::stream_protocol;
  using Socket = Protocol::socket;

  Connection(std::shared_ptr<AdminServer::Shared> shared, Socket socket);
  ~Connection();

  boost::asio::awaitable<void> serve();
  void close();

 private:
  using HttpRequest = boost::beast::http::request<boost::beast::http::string_body>;
  template <class T>
  using Awaitable = boost::asio::awaitable<T>;

  // Waits for a request's first octet; false: there will be none.
  Awaitable<bool> wait_for_request();
  // What was read and not used yet.
  std::string_view view_of_buffer() const;
  Awaitable<bool> speaks_http2();
  // False: the connection is to be closed (an answer may have been sent).
  Awaitable<bool> serve_one();
  Awaitable<bool> write_answer(const HttpRequest& request, Response response);
  Awaitable<bool> write_body(Response& response, bool chunked, std::string out);
  Awaitable<bool> write(const std::string& octets);
  Awaitable<void> refuse(int status, std::string text);
  void log(const HttpRequest& request, const Exchange& so_far);

  std::shared_ptr<AdminServer::Shared> shared_;
  boost::beast::basic_stream<Protocol> stream_;
  boost::beast::flat_buffer buffer_;
  size_t body_bytes_ = 0;  // of the present answer, sent so far
  const std::chrono::steady_clock::time_point accepted_ = std::chrono::steady_clock::now();
  std::optional<bool> http2_;  // known with the first octets
};

}  // namespace outrigger::admin
