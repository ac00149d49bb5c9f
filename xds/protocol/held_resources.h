// HeldResources: the last good resources that somebody asked for by name, for who asks for the same
// one later: a server does not send it again. They share the updates that brought them. Thread:
// main. Lifetime: the topic's.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_set.h"

#include "xds/protocol/resource.h"

namespace outrigger::xds {

class HeldResources {
 public:
  using UpdatePtr = std::shared_ptr<const ResourceUpdate>;

  void take(const UpdatePtr& update, const absl::flat_hash_set<std::string>& rejected) {
    for (size_t i = 0; i < update->added.size(); ++i) {
      const Resource& one = update->added[i];
      if (rejected.contains(one.name)) continue;
      held_.insert_or_assign(one.name, Place{update, i});
    }
    for (const std::string& name : update->removed) held_.erase(name);
  }
  void forget(const std::string& name) { held_.erase(name); }
  void clear() { held_.clear(); }
  bool empty() const { return held_.empty(); }

  const Resource* find(const std::string& name) const {
    auto at = held_.find(name);
    return at == held_.end() ? nullptr : &at->second.resource();
  }
  std::vector<Resource> all() const {
    std::vector<Resource> out;
    out.reserve(held_.size());
    for (const auto& [name, place] : held_) out.push_back(place.resource());
    return out;
  }

 private:
  struct Place {
    UpdatePtr update;
    size_t index;
    const Resource& resource() const { return update->added[index]; }
  };
  absl::btree_map<std::string, Place> held_;
};

}  // namespace outrigger::xds
