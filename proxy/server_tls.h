// ServerTls: what TLS needs of the process: the secrets and their files, the keys of session
// tickets and their rotation, what administration shows of certificates. Thread: main. Lifetime:
// the server's.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "boost/asio/io_context.hpp"
#include "boost/asio/steady_timer.hpp"

#include "proxy/admin/server_view.h"
#include "proxy/file_watch.h"
#include "xds/tls_secrets.h"

namespace outrigger {

class ServerTls {
 public:
  explicit ServerTls(boost::asio::io_context& io);

  // For compiling configurations.
  xds::TlsSecrets& secrets() { return secrets_; }
  xds::DirectoryWatcher& files() { return files_; }
  std::vector<admin::TlsContextStatus> contexts() const;
  // Whole days until the first certificate or authority expires, 0 if one has; nullopt: there is
  // none.
  std::optional<uint64_t> days_until_first_expiry() const;
  // Of the OCSP answers; none: there is none.
  std::optional<uint64_t> seconds_until_first_ocsp_expiry() const;

 private:
  void rotate_ticket_keys();

  FileWatch files_;
  std::shared_ptr<config::TicketKeyRing> ticket_keys_ = std::make_shared<config::TicketKeyRing>();
  boost::asio::steady_timer rotation_timer_;
  xds::TlsSecrets secrets_;
};

}  // namespace outrigger
