// Every page's handler; the table in pages.cc refers to them. One .cc per group. Thread: main.
#pragma once

#include "proxy/admin/page.h"

namespace outrigger::admin {

// page_home.cc
Response home_page(const Request& request, ServerView& view);
Response help_page(const Request& request, ServerView& view);

// page_server.cc
Response ready_page(const Request& request, ServerView& view);
Response server_info_page(const Request& request, ServerView& view);
Response memory_page(const Request& request, ServerView& view);
Response certs_page(const Request& request, ServerView& view);
Response hot_restart_version_page(const Request& request, ServerView& view);
Response init_dump_page(const Request& request, ServerView& view);
Response heap_dump_page(const Request& request, ServerView& view);
Response tcmalloc_page(const Request& request, ServerView& view);
Response contention_page(const Request& request, ServerView& view);

// page_actions.cc
Response healthcheck_fail_page(const Request& request, ServerView& view);
Response healthcheck_ok_page(const Request& request, ServerView& view);
Response drain_listeners_page(const Request& request, ServerView& view);
Response quit_page(const Request& request, ServerView& view);
Response reopen_logs_page(const Request& request, ServerView& view);
Response cpu_profiler_page(const Request& request, ServerView& view);
Response heap_profiler_page(const Request& request, ServerView& view);
Response allocation_profiler_page(const Request& request, ServerView& view);

// page_logging.cc
Response logging_page(const Request& request, ServerView& view);

// page_runtime.cc
Response runtime_page(const Request& request, ServerView& view);
Response runtime_modify_page(const Request& request, ServerView& view);

// page_listeners.cc
Response listeners_page(const Request& request, ServerView& view);

// page_clusters.cc
Response clusters_page(const Request& request, ServerView& view);

// page_config_dump.cc
Response config_dump_page(const Request& request, ServerView& view);

// page_stats.cc
Response stats_page(const Request& request, ServerView& view);
Response prometheus_page(const Request& request, ServerView& view);
Response recent_lookups_page(const Request& request, ServerView& view);
Response recent_lookups_action_page(const Request& request, ServerView& view);
Response reset_counters_page(const Request& request, ServerView& view);

}  // namespace outrigger::admin
