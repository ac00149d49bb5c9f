// StatsRender: the answer to a StatsQuery, produced piece by piece, so that 10,000 clusters never
// need one huge string. Output is byte for byte in the shape of Envoy's /stats and
// /stats/prometheus. Thread: main. Lifetime: the answer's; the store must outlive it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/observe/stats_query.h"
#include "proxy/observe/stats_store.h"

namespace outrigger::observe {

class StatsRender {
 public:
  static constexpr size_t kPieceBytes = 64 * 1024;  // a few hundred lines; large enough for a write

  virtual ~StatsRender() = default;
  // Appends the next piece, about kPieceBytes, to `out`; false: that was the last.
  virtual bool next(std::string& out) = 0;
};

std::unique_ptr<StatsRender> render_stats(const StatsStore& store, const StatsQuery& query);
// All of it, each piece handed to `sink`.
void render_stats(const StatsStore& store, const StatsQuery& query,
                  const std::function<void(std::string_view)>& sink);

// The three formats; render_stats chooses.
std::unique_ptr<StatsRender> render_stats_text(const StatsStore& store, const StatsQuery& query);
std::unique_ptr<StatsRender> render_stats_json(const StatsStore& store, const StatsQuery& query);
std::unique_ptr<StatsRender> render_stats_prometheus(const StatsStore& store,
                                                     const StatsQuery& query);

}  // namespace outrigger::observe
