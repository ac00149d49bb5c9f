// Pages that make the server do something. POST only (pages.cc sees to that).
#include "proxy/admin/pages_all.h"
#include "proxy/admin/server_view.h"

namespace outrigger::admin {

Response healthcheck_fail_page(const Request&, ServerView& view) {
  view.fail_health_check(true);
  return Response::ok();
}

Response healthcheck_ok_page(const Request&, ServerView& view) {
  view.fail_health_check(false);
  return Response::ok();
}

Response drain_listeners_page(const Request& request, ServerView& view) {
  DrainRequest drain;
  drain.graceful = request.params.has("graceful");
  drain.inbound_only = request.params.has("inboundonly");
  drain.skip_exit = request.params.has("skip_exit");
  view.drain_listeners(drain);
  return Response::ok();
}

// After the answer: the caller shall hear that it worked.
Response quit_page(const Request&, ServerView& view) {
  Response response = Response::ok();
  response.after = [&view] { view.quit(); };
  return response;
}

Response reopen_logs_page(const Request&, ServerView& view) {
  view.reopen_logs();
  return Response::ok();
}

Response cpu_profiler_page(const Request&, ServerView&) {
  return Response::text(501, "The current build does not support cpu profiler");
}

Response heap_profiler_page(const Request&, ServerView&) {
  return Response::text(501, "The current build does not support heap profiler");
}

}  // namespace outrigger::admin
