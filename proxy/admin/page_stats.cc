// /stats and /stats/prometheus: rendered piece by piece by proxy/observe; /reset_counters.
#include <memory>

#include "proxy/admin/pages_all.h"
#include "proxy/admin/server_view.h"
#include "proxy/observe/stats_render.h"
#include "proxy/observe/stats_store.h"

namespace outrigger::admin {
namespace {

using observe::StatsQuery;

Response stats(const Request& request, ServerView& view, StatsQuery::Format format) {
  auto query = observe::parse_stats_query(request.params.list(), format);
  if (!query.ok()) return Response::text(400, std::string(query.status().message()));
  std::shared_ptr<observe::StatsRender> render = observe::render_stats(view.stats(), *query);
  Response response;
  response.content_type = query->content_type();
  response.rest = [render](std::string& out) { return render->next(out); };
  return response;
}

}  // namespace

Response stats_page(const Request& request, ServerView& view) {
  return stats(request, view, StatsQuery::Format::text);
}

Response prometheus_page(const Request& request, ServerView& view) {
  return stats(request, view, StatsQuery::Format::prometheus);
}

Response reset_counters_page(const Request&, ServerView& view) {
  view.stats().reset_counters();
  return Response::ok();
}

}  // namespace outrigger::admin
