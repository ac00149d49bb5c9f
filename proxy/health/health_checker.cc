#include "proxy/health/health_checker.h"

#include <algorithm>
#include <utility>

#include "proxy/health/grpc_check.h"
#include "proxy/health/http_check.h"
#include "proxy/health/tcp_check.h"

namespace outrigger::health {

std::unique_ptr<CheckSession> make_session(CheckContext& context, CheckConnector& connector,
                                           upstream::HostStatePtr host) {
  if (context.check->grpc) return std::make_unique<GrpcCheck>(context, connector, std::move(host));
  if (context.check->tcp) return std::make_unique<TcpCheck>(context, connector, std::move(host));
  return std::make_unique<HttpCheck>(context, connector, std::move(host));
}

HealthChecker::HealthChecker(CheckContext context)
    : context_(std::move(context)), connector_(context_.loop, context_.cluster, context_.check) {}

// Sessions name what is ours: none may be left to the loop.
HealthChecker::~HealthChecker() {
  for (auto& [host, session] : sessions_) session->give_up();
}

void HealthChecker::give_up(std::unique_ptr<CheckSession> session) {
  session->give_up();
  // It may be the one that led here.
  context_.loop.defer_delete(std::move(session));
}

void HealthChecker::set_hosts(const upstream::HostStates& hosts) {
  decltype(sessions_) next;
  for (const upstream::HostStatePtr& host : hosts) {
    const auto& own = host->endpoint->health_check;
    if (own != nullptr && own->disabled) continue;
    auto known = sessions_.find(host.get());
    if (known != sessions_.end()) {
      next.emplace(host.get(), std::move(known->second));
      sessions_.erase(known);
      continue;
    }
    std::unique_ptr<CheckSession> session = make_session(context_, connector_, host);
    session->start();
    next.emplace(host.get(), std::move(session));
  }
  std::swap(sessions_, next);
  for (auto& [host, session] : next) give_up(std::move(session));
}

void HealthChecker::refuse(const upstream::HostState& host) {
  auto at = sessions_.find(&host);
  if (at != sessions_.end()) at->second->refuse();
}

bool HealthChecker::all_checked() const {
  return std::all_of(sessions_.begin(), sessions_.end(),
                     [](const auto& entry) { return entry.second->checked(); });
}

}  // namespace outrigger::health
