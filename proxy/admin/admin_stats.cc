#include "proxy/admin/admin_stats.h"

#include "api/response_classes.h"

namespace outrigger::admin {
namespace {

constexpr unsigned kMain = StatsScope::kMainThread;

// A connection manager's without a router's.
const StatsLayout& manager_layout() {
  static const auto kFields = fields_where(HttpStats::layout(), [](std::string_view name) {
    return name.starts_with("downstream_") || name.starts_with("rs_");
  });
  static const StatsLayout kLayout = layout_of<HttpStats>(kFields);
  return kLayout;
}

// A listener's whose filters are not discovered.
const StatsLayout& listener_layout() {
  static const auto kFields = fields_where(ListenerStats::layout(), [](std::string_view name) {
    return name.find("extension_config") == std::string_view::npos;
  });
  static const StatsLayout kLayout = layout_of<ListenerStats>(kFields);
  return kLayout;
}

uint64_t milliseconds_of(std::chrono::steady_clock::duration time) {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

}  // namespace

AdminStats::AdminStats(StatsRegistry& registry)
    : http_scope_(registry.scope("http.admin.", "http.",
                                 {{"envoy.http_conn_manager_prefix", "admin"}}, manager_layout())),
      listener_scope_(registry.scope("listener.admin.", "listener.admin.", {}, listener_layout())),
      thread_scope_(registry.scope<ListenerWorkerStats>("listener.admin.main_thread.")),
      listener_http_scope_(
          registry.scope<ListenerHttpStats>("listener.admin.http.admin.", "listener.admin.http.",
                                            {{"envoy.http_conn_manager_prefix", "admin"}})),
      http_(http_scope_->local<HttpStats>(kMain)),
      listener_(listener_scope_->local<ListenerStats>(kMain),
                thread_scope_->local<ListenerWorkerStats>(kMain)),
      listener_http_(listener_http_scope_->local<ListenerHttpStats>(kMain)) {}

void AdminStats::note_connection() {
  listener_.note_accepted();
  listener_.note_held();
  http_.downstream_cx_total.inc();
  http_.downstream_cx_active.inc();
}

void AdminStats::note_protocol(bool http2) {
  (http2 ? http_.downstream_cx_http2_total : http_.downstream_cx_http1_total).inc();
  (http2 ? http_.downstream_cx_http2_active : http_.downstream_cx_http1_active).inc();
}

void AdminStats::note_closed(std::optional<bool> http2, std::chrono::steady_clock::duration age) {
  listener_.note_let_go();
  listener_.note_ended(age);
  http_.downstream_cx_destroy.inc();
  http_.downstream_cx_active.dec();
  http_.downstream_cx_length_ms.record(milliseconds_of(age));
  if (http2) (*http2 ? http_.downstream_cx_http2_active : http_.downstream_cx_http1_active).dec();
}

void AdminStats::note_request(bool http2) {
  http_.downstream_rq_total.inc();
  http_.downstream_rq_active.inc();
  (http2 ? http_.downstream_rq_http2_total : http_.downstream_rq_http1_total).inc();
}

void AdminStats::note_answered(const Exchange& exchange) {
  http_.downstream_rq_active.dec();
  if (exchange.status == 0) return;
  count_downstream_response(http_, exchange.status);
  count_downstream_response(listener_http_, exchange.status);
  http_.downstream_rq_time.record(
      milliseconds_of(std::chrono::steady_clock::now() - exchange.start));
}

}  // namespace outrigger::admin
