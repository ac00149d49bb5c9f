// The command line of outriggerctl. Thread: main.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "tools/ctl/route_source.h"
#include "tools/ctl/test_case.h"

namespace outrigger::ctl {

// outriggerctl route-check, with the flags of Envoy's router_check_tool and some of our own.
struct RouteCheckOptions {
  RouteSource source;
  std::string test_path;
  std::string output_path;
  bool details = false;
  bool only_show_failures = false;
  double fail_under = 0;  // per cent; 0: any coverage will do
  bool all_fields = false;
  bool detailed_coverage = false;
  bool explain = false;
  std::string explained_test;  // its name; empty: `request`
  TestInput request;
};

// What to say and how to exit where there is nothing to run.
struct Exit {
  int code = 0;
  std::string text;
};

std::variant<RouteCheckOptions, Exit> parse_options(int argc, const char* const* argv);

}  // namespace outrigger::ctl
