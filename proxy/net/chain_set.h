// ChainSet: the filter chains of a listener and the index that chooses among them; replaced as a
// whole when chains change. A chain that did not change is the same object in both sets. Thread:
// any; immutable. Lifetime: shared by the workers.
#pragma once

#include <memory>
#include <vector>

#include "api/config/listener.h"
#include "proxy/net/filter_chain_index.h"

namespace outrigger::net {

struct ChainSet {
  explicit ChainSet(const config::Listener& listener)
      : chains(listener.chains),
        has_default(listener.default_chain != nullptr),
        index(listener.chains, listener.chain_tree) {
    if (has_default) chains.push_back(listener.default_chain);
  }

  std::vector<config::FilterChainPtr> chains;  // as configured, then the default chain
  bool has_default;
  FilterChainIndex index;
};
using ChainSetPtr = std::shared_ptr<const ChainSet>;

}  // namespace outrigger::net
