// CheckConnector: opens the connections of a cluster's health checks: to an endpoint's own address
// for checks, through its transport socket. They are none of the pools' connections and count in no
// statistic of the cluster's traffic. Thread: the loop's. Lifetime: its HealthChecker's.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "api/config/cluster.h"
#include "proxy/runtime/loop.h"
#include "proxy/tls/client_context.h"

namespace outrigger::health {

class CheckConnector {
 public:
  CheckConnector(runtime::Loop& loop, config::ClusterPtr cluster,
                 std::shared_ptr<const config::HealthCheck> check);
  ~CheckConnector();

  // The handler hears on_connected or on_closed, never from inside the call. `alpn`: offered where
  // neither the check nor the TLS context says what.
  absl::StatusOr<std::unique_ptr<runtime::Transport>> connect(const config::Endpoint& endpoint,
                                                              std::vector<std::string> alpn,
                                                              runtime::TransportHandler& handler);
  // Its connections are encrypted: requests say "https".
  bool secure(const config::Endpoint& endpoint) const;

 private:
  const config::TransportSocket& socket_of(const config::Endpoint& endpoint) const;
  tls::ClientContext* tls_context(const config::TransportSocket& socket);

  runtime::Loop& loop_;
  config::ClusterPtr cluster_;
  std::shared_ptr<const config::HealthCheck> check_;
  // What transport_socket_match_criteria chooses among; as an endpoint's metadata would.
  std::shared_ptr<const config::Endpoint> chooser_;
  std::vector<std::pair<const config::TransportSocket*, std::unique_ptr<tls::ClientContext>>>
      contexts_;
};

// Where an endpoint is asked.
net::Address check_address(const config::Endpoint& endpoint, const config::HealthCheck& check);

}  // namespace outrigger::health
