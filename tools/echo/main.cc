// outrigger-echo: an upstream that tells what it was asked. For examples, tests and benchmarks;
// answer.h says how it answers.
#include <sys/socket.h>

#include <cstdio>

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "tools/echo/connection.h"

namespace {

namespace asio = boost::asio;
using outrigger::echo::serve;

template <typename Protocol>
asio::awaitable<void> accept_all(asio::basic_socket_acceptor<Protocol> acceptor,
                                 std::string_view name) {
  for (;;) {
    typename Protocol::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    if constexpr (std::is_same_v<Protocol, asio::ip::tcp>)
      socket.set_option(asio::ip::tcp::no_delay(true));
    auto executor = socket.get_executor();
    asio::co_spawn(executor, serve(outrigger::echo::Socket(std::move(socket)), name),
                   asio::detached);
  }
}

// "8080", "127.0.0.1:8080", "[::1]:8080" or the path of a Unix socket.
void listen(asio::io_context& context, const std::string& where, std::string_view name) {
  if (where.find('/') != where.npos) {
    ::unlink(where.c_str());
    asio::local::stream_protocol::acceptor acceptor(context,
                                                    asio::local::stream_protocol::endpoint(where));
    asio::co_spawn(context, accept_all(std::move(acceptor), name), asio::detached);
    fmt::print("{} listens on {}\n", name, where);
    return;
  }
  size_t colon = where.rfind(':');
  std::string host = colon == where.npos ? "127.0.0.1" : where.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  int port = std::stoi(colon == where.npos ? where : where.substr(colon + 1));
  asio::ip::tcp::endpoint endpoint(asio::ip::make_address(host), static_cast<uint16_t>(port));
  asio::ip::tcp::acceptor acceptor(context, endpoint);
  endpoint = acceptor.local_endpoint();
  asio::co_spawn(context, accept_all(std::move(acceptor), name), asio::detached);
  fmt::print("{} listens on {}:{}\n", name, endpoint.address().to_string(), endpoint.port());
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "An upstream that tells what it was asked: HTTP/1.1 and HTTP/2 (prior knowledge) on one "
      "port.");
  std::string name = "echo";
  std::vector<std::string> where = {"127.0.0.1:0"};
  app.add_option("--name", name, "what it calls itself in its answers")->capture_default_str();
  app.add_option("--listen", where, "port, address:port or path of a Unix socket; repeatable")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    asio::io_context context(1);
    asio::signal_set signals(context, SIGTERM, SIGINT);
    signals.async_wait([&](boost::system::error_code, int) { context.stop(); });
    for (const std::string& one : where) listen(context, one, name);
    std::fflush(stdout);
    context.run();
  } catch (const std::exception& error) {
    fmt::print(stderr, "outrigger-echo: {}: {}\n", fmt::join(where, ", "), error.what());
    return 1;
  }
  return 0;
}
