#include "xds/dynamic/cluster_update.h"

#include "fmt/format.h"

#include "xds/dynamic/cluster_manager.h"
#include "xds/dynamic/reject.h"

namespace outrigger::xds {

bool ClusterUpdate::work(std::chrono::microseconds slice) {
  auto end = std::chrono::steady_clock::now() + slice;
  do {
    if (!step()) return true;
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

// False: there was nothing left to do.
bool ClusterUpdate::step() {
  if (next_added_ < update_->added.size()) {
    take(update_->added[next_added_++]);
    return true;
  }
  if (!removing_) begin_removals();
  if (removals_.empty()) return false;
  manager_.remove(removals_.back());
  removals_.pop_back();
  return true;
}

void ClusterUpdate::take(const Resource& resource) {
  absl::Status status =
      seen_.insert(resource.name).second
          ? manager_.take_listed(resource)
          : absl::InvalidArgumentError(fmt::format("duplicate cluster {} found", resource.name));
  if (!status.ok()) result_.rejected.push_back({resource.name, one_sentence(status)});
}

// What was rejected is still there: only what nobody names goes.
void ClusterUpdate::begin_removals() {
  removing_ = true;
  if (!update_->complete) {
    removals_ = update_->removed;
    return;
  }
  for (std::string& name : manager_.names()) {
    if (!seen_.contains(name)) removals_.push_back(std::move(name));
  }
}

}  // namespace outrigger::xds
