// HealthChecker: one health check of ONE version of a cluster: a session for each endpoint.
// Thread: the loop's. Lifetime: the cluster version's; the loop outlives it.
#pragma once

#include <functional>
#include <memory>
#include <unordered_map>

#include "proxy/health/check_connector.h"
#include "proxy/health/check_session.h"

namespace outrigger::health {

class HealthChecker {
 public:
  explicit HealthChecker(CheckContext context);
  ~HealthChecker();
  HealthChecker(const HealthChecker&) = delete;
  HealthChecker& operator=(const HealthChecker&) = delete;

  // The endpoints from now on. Those that stay keep their sessions; one with a check disabled has
  // none.
  void set_hosts(const upstream::HostStates& hosts);
  // A response of this endpoint to a request said that it must not be used.
  void refuse(const upstream::HostState& host);
  void set_runtime(const config::RuntimeSnapshotPtr& runtime) { context_.runtime = runtime; }
  // Each endpoint was asked once.
  bool all_checked() const;
  const config::HealthCheck& check() const { return *context_.check; }

 private:
  void give_up(std::unique_ptr<CheckSession> session);

  CheckContext context_;
  CheckConnector connector_;
  std::unordered_map<const upstream::HostState*, std::unique_ptr<CheckSession>> sessions_;
};

}  // namespace outrigger::health
