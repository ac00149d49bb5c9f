#include "proxy/observe/stats_render.h"

namespace outrigger::observe {

std::unique_ptr<StatsRender> render_stats(const StatsStore& store, const StatsQuery& query) {
  switch (query.format) {
    case StatsQuery::Format::json:
      return render_stats_json(store, query);
    case StatsQuery::Format::prometheus:
      return render_stats_prometheus(store, query);
    case StatsQuery::Format::text:
      break;
  }
  return render_stats_text(store, query);
}

void render_stats(const StatsStore& store, const StatsQuery& query,
                  const std::function<void(std::string_view)>& sink) {
  std::unique_ptr<StatsRender> render = render_stats(store, query);
  std::string piece;
  for (bool more = true; more;) {
    more = render->next(piece);
    if (!piece.empty()) sink(piece);
    piece.clear();
  }
}

}  // namespace outrigger::observe
