// OriginalSrc: connections to the upstream come from the client's address. Thread: the filter its
// connection's worker. Semantics: envoy.extensions.filters.listener.original_src.v3.
#pragma once

#include <memory>

#include "api/filter/listener_filter.h"

namespace outrigger::filters::original_src {

struct Settings {
  bool bind_port = false;  // from the client's port as well
  uint32_t mark = 0;       // SO_MARK; 0: none
};

class OriginalSrc final : public ListenerFilter {
 public:
  explicit OriginalSrc(Settings settings) : settings_(settings) {}
  ListenerFilterVerdict look(ListenerFilterContext& context, Bytes data, bool end_stream,
                             size_t& consumed) override;
  size_t max_bytes() const override { return 0; }

 private:
  Settings settings_;
};

class OriginalSrcFactory final : public ListenerFilterFactory {
 public:
  explicit OriginalSrcFactory(Settings settings) : settings_(settings) {}
  std::unique_ptr<ListenerFilter> create() const override {
    return std::make_unique<OriginalSrc>(settings_);
  }

 private:
  Settings settings_;
};

}  // namespace outrigger::filters::original_src
