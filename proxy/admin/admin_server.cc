#include "proxy/admin/admin_server.h"

#include <unistd.h>

#include <string>
#include <utility>

#include "boost/asio/as_tuple.hpp"
#include "boost/asio/co_spawn.hpp"
#include "boost/asio/detached.hpp"
#include "boost/asio/use_awaitable.hpp"

#include "proxy/admin/admin_shared.h"
#include "proxy/admin/listen_socket.h"
#include "proxy/runtime/log.h"

namespace outrigger::admin {
namespace {

namespace asio = boost::asio;
using SharedPtr = std::shared_ptr<AdminServer::Shared>;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

// After accept() failed for want of descriptors or memory: trying again at once would only burn
// time.
constexpr std::chrono::milliseconds kPauseAfterError{100};

asio::awaitable<void> run(std::shared_ptr<Connection> connection) {
  co_await connection->serve();
}

asio::awaitable<void> accept_all(SharedPtr shared) {
  while (!shared->stopped) {
    if (shared->connections.size() >= shared->limits.connections) {
      shared->room.expires_at(asio::steady_timer::time_point::max());
      co_await shared->room.async_wait(kAwait);
      continue;
    }
    auto [error, socket] = co_await shared->acceptor.async_accept(kAwait);
    if (shared->stopped) co_return;
    if (error) {
      OUTRIGGER_LOG(admin, warning, "admin: cannot accept a connection: {}", error.message());
      shared->room.expires_after(kPauseAfterError);
      co_await shared->room.async_wait(kAwait);
      continue;
    }
    auto executor = socket.get_executor();
    auto connection = std::make_shared<Connection>(shared, Connection::Socket(std::move(socket)));
    asio::co_spawn(executor, run(std::move(connection)), asio::detached);
  }
}

std::unique_ptr<AdminAccessLog> make_access_log(ServerView& view) {
  const auto& admin = view.bootstrap().admin;
  observe::LogWriter* writer = view.access_log_writer();
  if (!admin || admin->access_logs.empty() || writer == nullptr) return nullptr;
  return std::make_unique<AdminAccessLog>(admin->access_logs, *writer);
}

void remove_file(const net::Address& address) {
  std::string path = address.is_unix() ? address.ip_text() : "";
  if (!path.empty() && path.front() != '@') ::unlink(path.c_str());
}

}  // namespace

AdminServer::AdminServer(asio::io_context& context, ServerView& view, AdminLimits limits)
    : shared_(std::make_shared<Shared>(context, view, limits)) {}

AdminServer::~AdminServer() {
  stop();
}

absl::Status AdminServer::listen(const net::Address& address) {
  mode_t unix_mode = shared_->view.bootstrap_proto().admin().address().pipe().mode();
  const auto& admin = shared_->view.bootstrap().admin;
  auto socket = open_listen_socket(
      address, unix_mode, admin ? admin->socket_options : std::vector<net::SocketOption>());
  if (!socket.ok()) return socket.status();
  boost::system::error_code error;
  shared_->acceptor.assign(Shared::Protocol(address.family(), 0), socket->fd, error);
  if (error) {
    ::close(socket->fd);
    return absl::UnavailableError("admin: " + error.message());
  }
  shared_->bound = socket->bound;
  shared_->access_log = make_access_log(shared_->view);
  asio::co_spawn(shared_->acceptor.get_executor(), accept_all(shared_), asio::detached);
  return absl::OkStatus();
}

net::Address AdminServer::bound_address() const {
  return shared_->bound;
}

void AdminServer::stop() {
  if (std::exchange(shared_->stopped, true)) return;
  boost::system::error_code ignored;
  if (shared_->acceptor.is_open()) remove_file(shared_->bound);
  shared_->acceptor.close(ignored);
  shared_->room.cancel();
  shared_->access_log
      .reset();  // a connection's coroutine may end later than what the log refers to
  for (Connection* connection : shared_->connections) connection->close();
}

}  // namespace outrigger::admin
