// ClusterUpdate: one answer of the cluster discovery service, worked off piece by piece: what is
// new or changed first, then what goes. Thread: main. Lifetime: from the answer to its last piece.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"

#include "xds/protocol/subscription.h"

namespace outrigger::xds {

class ClusterManager;

class ClusterUpdate {
 public:
  ClusterUpdate(ClusterManager& manager, std::shared_ptr<const ResourceUpdate> update,
                SubscriptionHandler::Done done)
      : manager_(manager), update_(std::move(update)), done_(std::move(done)) {}

  // At least one piece, and more as long as `slice` has not passed. True: it is all done.
  bool work(std::chrono::microseconds slice);
  bool accepted() const { return result_.rejected.empty(); }
  const std::string& version() const { return update_->version; }
  // Tells what became of it.
  void report() { done_(std::move(result_)); }

 private:
  bool step();
  void take(const Resource& resource);
  void begin_removals();

  ClusterManager& manager_;
  std::shared_ptr<const ResourceUpdate> update_;
  SubscriptionHandler::Done done_;
  UpdateResult result_;
  absl::flat_hash_set<std::string_view> seen_;
  size_t next_added_ = 0;
  bool removing_ = false;
  std::vector<std::string> removals_;
};

}  // namespace outrigger::xds
