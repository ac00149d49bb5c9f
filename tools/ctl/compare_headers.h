// Compares the heads of a request and of its response with what a test expects of them. The
// sentences are those of Envoy's tool. Thread: main.
#pragma once

#include <string>
#include <string_view>

#include "tools/ctl/request.h"
#include "tools/ctl/test_case.h"
#include "tools/ctl/test_result.h"

namespace outrigger::ctl {

void compare_headers(const Expectations& expect, const Request& request, TestResult& result);

// "expected: [a], actual: [b], test type: t"; `inverted`: it should be anything else.
std::string mismatch_text(std::string_view expected, std::string_view actual, std::string_view type,
                          bool inverted = false);

}  // namespace outrigger::ctl
