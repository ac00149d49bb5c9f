#include "proxy/admin/pages.h"

#include <algorithm>

#include "fmt/format.h"

#include "proxy/admin/pages_all.h"
#include "proxy/admin/server_view.h"

namespace outrigger::admin {
namespace {

using Kind = PageParam::Kind;

constexpr PageParam kFormat{Kind::choice, "format", "Format to use", "text,json"};
constexpr PageParam kEnable{Kind::choice, "enable", "enable or disable it", "y,n"};

constexpr PageParam kListenerParams[] = {kFormat};
constexpr PageParam kProfilerParams[] = {kEnable};

constexpr PageParam kClusterParams[] = {
    kFormat,
    {Kind::text, "filter", "Regular expression (RE2) that the names of clusters must match"},
};

constexpr PageParam kConfigDumpParams[] = {
    {Kind::text, "resource",
     "Only the elements of this repeated field, for example static_clusters"},
    {Kind::text, "mask",
     "Only these fields (a FieldMask); with resource it is applied to each of the resource's "
     "elements"},
    {Kind::text, "name_regex",
     "Only configurations whose whole name matches this regular expression (RE2)"},
    {Kind::flag, "include_eds", "Also the endpoints of the clusters"},
};

constexpr PageParam kDrainParams[] = {
    {Kind::flag, "graceful", "Close the listeners only after the drain time (--drain-time-s)"},
    {Kind::flag, "skip_exit", "Drain the connections, but never close the listeners"},
    {Kind::flag, "inboundonly", "Only listeners of traffic direction INBOUND"},
};

constexpr PageParam kInitDumpParams[] = {
    {Kind::text, "mask", "Only these components, for example listener"},
};

constexpr PageParam kLoggingParams[] = {
    {Kind::text, "paths", "Change several loggers: name1:level1,name2:level2"},
    {Kind::choice, "level", "Change all loggers", ",trace,debug,info,warning,error,critical,off"},
};

constexpr PageParam kStatsParams[] = {
    {Kind::flag, "usedonly", "Only stats that were written since the start"},
    {Kind::text, "filter", "Regular expression (RE2) that the names of stats must match"},
    {Kind::flag, "invert_filter", "Only stats whose names the filter does not match"},
    {Kind::choice, "format", "Format to use", "text,html,json,prometheus"},
    {Kind::choice, "type", "Types of stats to include",
     "All,Counters,Histograms,Gauges,TextReadouts"},
    {Kind::choice, "histogram_buckets", "How histograms are shown",
     "summary,cumulative,disjoint,detailed"},
};

constexpr PageParam kPrometheusParams[] = {
    {Kind::flag, "usedonly", "Only stats that were written since the start"},
    {Kind::flag, "text_readouts", "Text readouts as gauges of value 0"},
    {Kind::text, "filter", "Regular expression (RE2) that the names of stats must match"},
    {Kind::flag, "invert_filter", "Only stats whose names the filter does not match"},
    {Kind::choice, "histogram_buckets", "How histograms are shown", "cumulative,summary"},
};

// By path. Second column: does the page change something?
constexpr Page kPages[] = {
    {"/", false, home_page, "home page of the administration interface"},
    {"/allocprofiler", true, allocation_profiler_page,
     "enable/disable the allocation profiler (not in this build)", kProfilerParams},
    {"/certs", false, certs_page, "print certs on machine"},
    {"/clusters", false, clusters_page, "upstream cluster status", kClusterParams},
    {"/config_dump", false, config_dump_page, "dump the current configuration", kConfigDumpParams},
    {"/contention", false, contention_page, "dump mutex contention stats (not measured)"},
    {"/cpuprofiler", true, cpu_profiler_page, "enable/disable the CPU profiler (not in this build)",
     kProfilerParams},
    {"/drain_listeners", true, drain_listeners_page, "drain listeners", kDrainParams},
    {"/healthcheck/fail", true, healthcheck_fail_page, "cause the server to fail health checks"},
    {"/healthcheck/ok", true, healthcheck_ok_page, "cause the server to pass health checks"},
    {"/heap_dump", false, heap_dump_page, "dump the heap (not in this build)"},
    {"/heapprofiler", true, heap_profiler_page,
     "enable/disable the heap profiler (not in this build)", kProfilerParams},
    {"/help", false, help_page, "print out list of admin commands"},
    {"/hot_restart_version", false, hot_restart_version_page,
     "print the hot restart compatibility version"},
    {"/init_dump", false, init_dump_page, "dump what the server still waits for before it is live",
     kInitDumpParams},
    {"/listeners", false, listeners_page, "print listener info", kListenerParams},
    {"/logging", true, logging_page, "query/change logging levels", kLoggingParams},
    {"/memory", false, memory_page, "print current allocation/heap usage"},
    {"/memory/tcmalloc", false, tcmalloc_page, "print TCMalloc stats (not in this build)"},
    {"/peak_heap_dump", false, heap_dump_page, "dump the peak heap (not in this build)"},
    {"/quitquitquit", true, quit_page, "exit the server"},
    {"/ready", false, ready_page, "print server state, return 200 if LIVE, otherwise return 503"},
    {"/reopen_logs", true, reopen_logs_page, "reopen access logs"},
    {"/reset_counters", true, reset_counters_page, "reset all counters to zero"},
    {"/runtime", false, runtime_page, "print runtime values"},
    {"/runtime_modify", true, runtime_modify_page,
     "add or modify runtime values: ?key1=value1&key2=value2; an empty value removes what this "
     "page added"},
    {"/server_info", false, server_info_page, "print server version/status information"},
    {"/stats", false, stats_page, "print server stats", kStatsParams},
    {"/stats/prometheus", false, prometheus_page, "print server stats in prometheus format",
     kPrometheusParams},
    {"/stats/recentlookups", false, recent_lookups_page,
     "show recent look-ups of names of stats (there are none)"},
    {"/stats/recentlookups/clear", true, recent_lookups_action_page, "nothing: there are none"},
    {"/stats/recentlookups/disable", true, recent_lookups_action_page, "nothing: there are none"},
    {"/stats/recentlookups/enable", true, recent_lookups_action_page, "nothing: there are none"},
};

const Page* find_page(std::string_view path) {
  for (const Page& page : kPages) {
    if (page.path == path) return &page;
  }
  return nullptr;
}

// admin.allow_paths.
bool allowed(const std::string& path, ServerView& view) {
  const auto& admin = view.bootstrap().admin;
  if (!admin || admin->allowed_paths.empty()) return true;
  return std::any_of(admin->allowed_paths.begin(), admin->allowed_paths.end(),
                     [&](const config::StringMatcher& one) { return one.matches(path); });
}

}  // namespace

std::span<const Page> pages() {
  return kPages;
}

std::string help_text() {
  std::string text = "admin commands are:\n";
  for (const Page& page : kPages) {
    text += fmt::format("  {}{}: {}\n", page.path, page.mutates ? " (POST)" : "", page.help);
    for (const PageParam& param : page.params) {
      text += fmt::format("      {}: {}", param.name, param.help);
      if (param.kind == Kind::choice) text += fmt::format("; One of ({})", param.choices);
      text += '\n';
    }
  }
  return text;
}

Response answer(const Request& request, ServerView& view) {
  const std::string& asked = request.path_and_query.empty() ? request.path : request.path_and_query;
  if (!allowed(asked, view))
    return Response::text(403, fmt::format("request to path {} not allowed", asked));
  const Page* page = find_page(request.path);
  if (page == nullptr) return Response::text(404, "invalid path. " + help_text());
  if (page->mutates && request.method != "POST") {
    return Response::text(405,
                          fmt::format("Method {} not allowed, POST required.", request.method));
  }
  return page->handler(request, view);
}

}  // namespace outrigger::admin
