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

// There is no profiler to start; to stop none is no error.
Response cpu_profiler_page(const Request& request, ServerView&) {
  std::string enable = request.params.get("enable").value_or("");
  if (enable == "y") return Response::text(500, "failure to start the profiler");
  if (enable == "n") return Response::ok();
  return Response::text(400, "?enable=<y|n>\n");
}

Response heap_profiler_page(const Request&, ServerView&) {
  return Response::text(501, "The current build does not support heap profiler");
}

Response allocation_profiler_page(const Request&, ServerView&) {
  return Response::text(501, "The current build does not support allocation profiler");
}

}  // namespace outrigger::admin
