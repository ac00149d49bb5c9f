// AdminStats: the administration interface's own connections and requests, under the names that
// any listener's and connection manager's have: listener.admin.*, http.admin.*. Thread: main.
// Lifetime: the server's, and its last connection's.
#pragma once

#include <chrono>
#include <optional>

#include "api/listener_counts.h"
#include "api/stats_http.h"
#include "api/stats_server.h"
#include "proxy/admin/access_log.h"

namespace outrigger::admin {

class AdminStats {
 public:
  explicit AdminStats(StatsRegistry& registry);

  void note_connection();
  // After its first octets.
  void note_protocol(bool http2);
  // `http2` absent: nothing ever came.
  void note_closed(std::optional<bool> http2, std::chrono::steady_clock::duration age);
  void note_request(bool http2);
  // `exchange` has its status; 0: it never got an answer.
  void note_answered(const Exchange& exchange);

 private:
  StatsScopePtr http_scope_, listener_scope_, thread_scope_, listener_http_scope_;
  HttpStats& http_;
  ListenerCounts listener_;
  ListenerHttpStats& listener_http_;
};

}  // namespace outrigger::admin
