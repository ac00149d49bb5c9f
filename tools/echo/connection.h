// One connection to the echo upstream: finds out whether the client speaks HTTP/1 or HTTP/2 (prior
// knowledge), and serves it. Thread: the io_context's one. Lifetime: the coroutine's, which ends
// when the connection does.
#pragma once

#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>

namespace outrigger::echo {

using Socket = boost::asio::generic::stream_protocol::socket;  // TCP or Unix

constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// `name` outlives every connection.
boost::asio::awaitable<void> serve(Socket socket, std::string_view name);

// What `serve` hands over to; `received` holds what has been read already.
boost::asio::awaitable<void> serve_http1(Socket& socket, boost::beast::flat_buffer& received,
                                         std::string_view name);
boost::asio::awaitable<void> serve_http2(Socket& socket, boost::beast::flat_buffer& received,
                                         std::string_view name);

// 64 KiB of 'x'.
std::string_view filler();

}  // namespace outrigger::echo
