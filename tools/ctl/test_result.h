// TestResult: what a test found out. Thread: main. Lifetime: the run's.
#pragma once

#include <string>
#include <vector>

#include "envoy/config/route/v3/route_components.pb.h"

namespace outrigger::ctl {

// A field of `validate` that was not as expected.
struct Mismatch {
  std::string field;
  std::string expected;
  std::string actual;
  bool number = false;
};

struct HeaderMismatch {
  bool response = false;
  envoy::config::route::v3::HeaderMatcher matcher;
  std::string actual;  // empty: there is no such header
};

struct TestResult {
  std::string name;
  std::vector<std::string> failures;  // sentences as Envoy's tool prints them; empty: passed
  std::vector<Mismatch> mismatches;
  std::vector<HeaderMismatch> header_mismatches;

  bool passed() const { return failures.empty(); }
};

}  // namespace outrigger::ctl
