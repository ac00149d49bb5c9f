// Reads a test file of Envoy's router check tool: YAML, JSON or text of protobuf, by its extension.
// Everything that is wrong is reported at once, one line each, with the field's path and its line:
// "tests[2].input.methd: unknown field, line 14". Thread: main.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "tools/ctl/test_case.h"

namespace outrigger::ctl {

struct TestFile {
  std::vector<TestCase> tests;
  std::vector<std::string> warnings;
};

absl::StatusOr<TestFile> read_test_file(const std::string& path);

}  // namespace outrigger::ctl
