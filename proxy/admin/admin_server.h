// AdminServer: the administration interface over HTTP/1.1, on a TCP or Unix socket. Pages:
// pages.cc. Manual: docs/admin.md. Thread: main (the io_context's). Lifetime: may be destroyed at
// any time; connections end with it. The view outlives the server.
#pragma once

#include <chrono>
#include <memory>

#include "absl/status/status.h"
#include "boost/asio/io_context.hpp"

#include "api/net/address.h"
#include "proxy/admin/server_view.h"

namespace outrigger::admin {

// Sizes, counts and times that one client may take, so that the main thread's work and memory stay
// bounded.
struct AdminLimits {
  size_t connections = 256;           // further ones wait in the backlog
  uint32_t header_bytes = 64 * 1024;  // long regular expressions are sent in the path
  uint64_t body_bytes = 64 * 1024;    // form parameters
  std::chrono::seconds idle{
      3600};  // keep-alive connections of the proxy's own pools are idle for an hour
  std::chrono::seconds request{15};   // from a request's first octet to its last
  std::chrono::seconds progress{30};  // for each piece of an answer to be taken
};

class AdminServer {
 public:
  AdminServer(boost::asio::io_context& context, ServerView& view, AdminLimits limits = {});
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;
  ~AdminServer();

  // Binds and accepts. A Unix socket's file is replaced if nobody listens on it, gets the mode that
  // the bootstrap's admin address has, and is removed by stop().
  absl::Status listen(const net::Address& address);
  // With the port that the system chose; not valid before listen().
  net::Address bound_address() const;

  // Closes the listening socket and every connection.
  void stop();

  struct Shared;

 private:
  std::shared_ptr<Shared> shared_;
};

}  // namespace outrigger::admin
