// The results of a run as JSON, with the names that Envoy's tool has in its ValidationResult:
// {"test_results": [{"test_name": ..., "test_passed": ..., "failure": {...}}]}. Thread: main.
#pragma once

#include <string>
#include <vector>

#include "tools/ctl/test_result.h"

namespace outrigger::ctl {

std::string results_json(const std::vector<TestResult>& results);

}  // namespace outrigger::ctl
