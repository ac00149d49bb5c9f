// What the AdminServer and its connections have in common. Private to admin_server.cc and
// connection.cc. Thread: main. Lifetime: until the last connection's coroutine has ended.
#pragma once

#include <memory>
#include <unordered_set>

#include "boost/asio/basic_socket_acceptor.hpp"
#include "boost/asio/generic/stream_protocol.hpp"
#include "boost/asio/steady_timer.hpp"

#include "proxy/admin/access_log.h"
#include "proxy/admin/admin_server.h"
#include "proxy/admin/admin_stats.h"
#include "proxy/admin/connection.h"
#include "proxy/observe/stats_store.h"

namespace outrigger::admin {

struct AdminServer::Shared {
  using Protocol = boost::asio::generic::stream_protocol;

  Shared(boost::asio::io_context& context, ServerView& server_view, const AdminLimits& admin_limits)
      : view(server_view),
        limits(admin_limits),
        stats(server_view.stats()),
        acceptor(context),
        room(context) {}

  ServerView& view;
  const AdminLimits limits;
  AdminStats stats;
  boost::asio::basic_socket_acceptor<Protocol> acceptor;
  boost::asio::steady_timer
      room;  // cancelled when a connection has ended: there may be room for another
  net::Address bound;
  std::unique_ptr<AdminAccessLog> access_log;  // nullptr: none
  std::unordered_set<Connection*> connections;
  bool stopped = false;
};

// Fills in where a request came from and went to.
template <class Socket>
void put_addresses(const Socket& socket, Exchange& exchange) {
  auto address_of = [](const auto& endpoint, const boost::system::error_code& error) {
    return error ? net::Address()
                 : net::Address::from_sockaddr(endpoint.data(),
                                               static_cast<socklen_t>(endpoint.size()));
  };
  boost::system::error_code error;
  auto remote = socket.remote_endpoint(error);
  exchange.remote = address_of(remote, error);
  auto local = socket.local_endpoint(error);
  exchange.local = address_of(local, error);
}

}  // namespace outrigger::admin
