// ScopeTables: the route tables of a connection manager's scopes on ONE worker. Thread: that
// worker. Lifetime: the HttpService's.
#pragma once

#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"

#include "api/config/scoped_routes.h"
#include "api/http/header_map.h"

namespace outrigger::stream {

class ScopeTables {
 public:
  explicit ScopeTables(std::shared_ptr<const config::ScopedRoutes> scopes)
      : scopes_(std::move(scopes)), table_(scopes_->table) {}

  // nullptr: the request is of no scope, or the scope's routes are not there.
  std::shared_ptr<const config::RouteTable> find(const http::HeaderMap& headers);

 private:
  using RouteSlot = config::Slot<config::RouteTable>;

  std::shared_ptr<const config::ScopedRoutes> scopes_;
  config::SlotReader<config::ScopeTable> table_;
  const config::ScopeTable* seen_ = nullptr;  // the readers are of its slots
  absl::flat_hash_map<const RouteSlot*, std::unique_ptr<config::SlotReader<config::RouteTable>>>
      readers_;
};

}  // namespace outrigger::stream
