// /stats and /stats/prometheus: rendered piece by piece by proxy/observe; /reset_counters.
#include <memory>

#include "proxy/admin/html.h"
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

bool is_html(const std::string* format) {
  return format != nullptr && (*format == "html" || *format == "active-html");
}

// The text, for people who came here from the home page.
Response stats_as_html(const Request& request, ServerView& view) {
  Request as_text = request;
  as_text.params = {};
  for (const auto& [name, value] : request.params.list()) {
    if (name != "format") as_text.params.add_decoded(name, value);
  }
  Response text = stats(as_text, view, StatsQuery::Format::text);
  if (text.status != 200) return text;
  Response page;
  page.content_type = kHtml;
  page.body =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<title>Outrigger stats</title>\n<link rel=\"icon\" href=\"data:,\">\n"
      "<style>:root { color-scheme: light dark; }</style>\n</head>\n<body>\n<pre>\n";
  page.rest = [rest = std::move(text.rest)](std::string& out) {
    std::string piece;
    bool more = rest(piece);
    out += html_escaped(piece);
    if (!more) out += "</pre>\n</body>\n</html>\n";
    return more;
  };
  return page;
}

}  // namespace

Response stats_page(const Request& request, ServerView& view) {
  if (is_html(request.params.find("format"))) return stats_as_html(request, view);
  return stats(request, view, StatsQuery::Format::text);
}

Response recent_lookups_page(const Request&, ServerView&) {
  return Response::text(200,
                        "Statistics are part of what they describe and are not looked up by name: "
                        "there is nothing to track.\n\ntotal: 0\n");
}

Response recent_lookups_action_page(const Request&, ServerView&) {
  return Response::ok();
}

Response prometheus_page(const Request& request, ServerView& view) {
  return stats(request, view, StatsQuery::Format::prometheus);
}

Response reset_counters_page(const Request&, ServerView& view) {
  view.stats().reset_counters();
  return Response::ok();
}

}  // namespace outrigger::admin
