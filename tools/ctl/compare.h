// Compares a decision with what a test expects of it, in the words of Envoy's router check tool:
// "expected: [a], actual: [b], test type: cluster_name". Thread: main.
#pragma once

#include "tools/ctl/coverage.h"
#include "tools/ctl/decision.h"
#include "tools/ctl/request.h"
#include "tools/ctl/test_case.h"
#include "tools/ctl/test_result.h"

namespace outrigger::ctl {

// The request after apply(): as Envoy's tool does, all is looked at as it goes upstream.
TestResult compare(const TestCase& test, const Decision& decision, const Request& request,
                   Coverage& coverage);

}  // namespace outrigger::ctl
