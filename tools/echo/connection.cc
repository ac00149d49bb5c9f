#include "tools/echo/connection.h"

#include <algorithm>
#include <string>

#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace outrigger::echo {
namespace asio = boost::asio;

std::string_view filler() {
  static const std::string kFiller(64 * 1024, 'x');
  return kFiller;
}

namespace {

// True if HTTP/2, as soon as the bytes say so.
asio::awaitable<bool> speaks_http2(Socket& socket, boost::beast::flat_buffer& received) {
  for (;;) {
    std::string_view seen(static_cast<const char*>(received.data().data()), received.size());
    size_t compared = std::min(seen.size(), kHttp2Preface.size());
    if (seen.substr(0, compared) != kHttp2Preface.substr(0, compared)) co_return false;
    if (compared == kHttp2Preface.size()) co_return true;
    received.commit(
        co_await socket.async_read_some(received.prepare(16 * 1024), asio::use_awaitable));
  }
}

}  // namespace

asio::awaitable<void> serve(Socket socket, std::string_view name) {
  try {
    boost::beast::flat_buffer received;
    if (co_await speaks_http2(socket, received)) {
      co_await serve_http2(socket, received, name);
    } else {
      co_await serve_http1(socket, received, name);
    }
  } catch (const boost::system::system_error&) {
    // The client went away, or sent what is not HTTP: the connection ends either way.
  }
}

}  // namespace outrigger::echo
