// Delivery: one update on its way through its consumers: who has not answered yet, and what was
// rejected. Thread: main. Lifetime: until the last consumer answered; answers may come after it.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

#include "xds/protocol/interest.h"
#include "xds/protocol/resource.h"

namespace outrigger::xds {

class Delivery {
 public:
  using UpdatePtr = std::shared_ptr<const ResourceUpdate>;

  // Somebody is to get it.
  void expect(SubscriberId id, UpdatePtr update) {
    updates_.push_back(update);
    waiting_.emplace(id, std::move(update));
  }
  // False: it is not waited for (any more).
  bool answered(SubscriberId id, const UpdateResult& result) {
    if (waiting_.erase(id) == 0) return false;
    for (const RejectedResource& one : result.rejected) {
      bool fresh = rejected_names_.insert(one.name).second;
      if (fresh || !said(one)) rejected_.push_back(one);
    }
    return true;
  }
  void reject(std::vector<RejectedResource> rejected) { rejected_ = std::move(rejected); }
  bool complete() const { return waiting_.empty(); }
  bool waits_for(SubscriberId id) const { return waiting_.contains(id); }

  // What was delivered, each once for those that want all.
  const std::vector<UpdatePtr>& updates() const { return updates_; }
  const std::vector<RejectedResource>& rejected() const { return rejected_; }
  const absl::flat_hash_set<std::string>& rejected_names() const { return rejected_names_; }

 private:
  // Who wants all and who wants this one may refuse it alike.
  bool said(const RejectedResource& what) const {
    return std::any_of(rejected_.begin(), rejected_.end(), [&](const RejectedResource& one) {
      return one.name == what.name && one.reason == what.reason;
    });
  }

  absl::flat_hash_map<SubscriberId, UpdatePtr> waiting_;
  std::vector<UpdatePtr> updates_;
  std::vector<RejectedResource> rejected_;
  absl::flat_hash_set<std::string> rejected_names_;
};

}  // namespace outrigger::xds
