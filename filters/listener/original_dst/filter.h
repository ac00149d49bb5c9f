// OriginalDst: where a connection was going before the packet filter redirected it becomes its
// local address. Of an internal connection, what its filter state or metadata says. Thread: the
// filter its connection's worker. Semantics: envoy.extensions.filters.listener.original_dst.v3.
#pragma once

#include <memory>

#include "api/filter/listener_filter.h"

namespace outrigger::filters::original_dst {

class OriginalDst final : public ListenerFilter {
 public:
  ListenerFilterVerdict look(ListenerFilterContext& context, Bytes data, bool end_stream,
                             size_t& consumed) override;
  size_t max_bytes() const override { return 0; }
};

class OriginalDstFactory final : public ListenerFilterFactory {
 public:
  std::unique_ptr<ListenerFilter> create() const override {
    return std::make_unique<OriginalDst>();
  }
};

}  // namespace outrigger::filters::original_dst
