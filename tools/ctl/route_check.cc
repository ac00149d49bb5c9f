#include "tools/ctl/route_check.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <ostream>

#include "fmt/format.h"

#include "tools/ctl/compare.h"
#include "tools/ctl/coverage.h"
#include "tools/ctl/decision.h"
#include "tools/ctl/explain.h"
#include "tools/ctl/fractions.h"
#include "tools/ctl/results_json.h"
#include "tools/ctl/test_file.h"

namespace outrigger::ctl {
namespace {

constexpr int kSuccess = 0;
constexpr int kFailure = 1;

struct Output {
  std::ostream& out;
  std::ostream& err;

  int fail(const absl::Status& status) const {
    err << std::string(status.message()) << '\n';
    return kFailure;
  }
  void warn(const std::vector<std::string>& warnings) const {
    for (const std::string& warning : warnings) err << "warning: " << warning << '\n';
  }
};

TestResult run_test(const TestCase& test, const LoadedRoutes& routes, Coverage& coverage) {
  Request request(test.input);
  TestFractions fractions(routes, test.input.runtime);
  Decision decision = decide(routes, request, fractions);
  apply(routes, decision, request);
  return compare(test, decision, request, coverage);
}

// With details every test, or the failing ones; failures go to the error stream.
void print(const TestResult& result, const RouteCheckOptions& options, const Output& to) {
  bool shown = options.only_show_failures ? !result.passed() : options.details;
  if (!shown) return;
  if (result.passed()) {
    to.out << result.name << '\n';
    return;
  }
  to.err << result.name << '\n';
  for (const std::string& failure : result.failures) to.err << failure << '\n';
}

double report_coverage(const Coverage& coverage, const RouteCheckOptions& options,
                       const Output& to) {
  if (options.all_fields) {
    for (const Coverage::Missing& missing : coverage.missing()) {
      to.out << fmt::format("Missing test for host: {}, route: {}\n", missing.host, missing.match);
    }
    return coverage.of_fields();
  }
  if (options.detailed_coverage) {
    for (const Coverage::Missing& missing : coverage.missing()) {
      to.out << fmt::format("Missing test for host: {}, route name: {}\n", missing.host,
                            missing.name);
    }
  }
  return coverage.of_routes();
}

bool write_results(const std::vector<TestResult>& results, const RouteCheckOptions& options) {
  std::vector<TestResult> written;
  std::ranges::copy_if(results, std::back_inserter(written), [&options](const TestResult& result) {
    return !options.only_show_failures || !result.passed();
  });
  std::ofstream file(options.output_path, std::ios::binary | std::ios::trunc);
  file << results_json(written);
  file.close();
  return !file.fail();
}

int check_tests(const RouteCheckOptions& options, const LoadedRoutes& routes,
                const std::vector<TestCase>& tests, const Output& to) {
  Coverage coverage(routes);
  std::vector<TestResult> results;
  for (const TestCase& test : tests) results.push_back(run_test(test, routes, coverage));
  for (const TestResult& result : results) print(result, options, to);
  if (!options.output_path.empty() && !write_results(results, options))
    return to.fail(absl::UnknownError(fmt::format("cannot write '{}'", options.output_path)));
  if (!std::ranges::all_of(results, &TestResult::passed)) return kFailure;
  double percent = report_coverage(coverage, options, to);
  // Six digits, as Envoy's stream prints it.
  to.out << fmt::format("Current route coverage: {:.6g}%\n", percent);
  if (options.fail_under == 0 || percent >= options.fail_under) return kSuccess;
  to.err << fmt::format("Failed to meet coverage requirement: {:.6g}%\n", options.fail_under);
  return kFailure;
}

int explain_test(const RouteCheckOptions& options, const LoadedRoutes& routes,
                 const std::vector<TestCase>& tests, const Output& to) {
  auto found = std::ranges::find(tests, options.explained_test, &TestCase::name);
  if (found == tests.end()) {
    return to.fail(absl::NotFoundError(
        fmt::format("{} has no test '{}'", options.test_path, options.explained_test)));
  }
  to.out << explain(routes, found->input, TestFractions(routes, found->input.runtime));
  return kSuccess;
}

}  // namespace

int route_check(const RouteCheckOptions& options, std::ostream& out, std::ostream& err) {
  Output to{out, err};
  auto routes = load_routes(options.source);
  if (!routes.ok()) return to.fail(routes.status());
  to.warn((*routes)->warnings());
  if (options.test_path.empty()) {
    out << explain(**routes, options.request, ConfiguredFractions(**routes));
    return kSuccess;
  }
  auto file = read_test_file(options.test_path);
  if (!file.ok()) {
    return to.fail(absl::InvalidArgumentError(
        fmt::format("INVALID_ARGUMENT: {} as a file of tests:\n{}", options.test_path,
                    std::string(file.status().message()))));
  }
  to.warn(file->warnings);
  return options.explain ? explain_test(options, **routes, file->tests, to)
                         : check_tests(options, **routes, file->tests, to);
}

}  // namespace outrigger::ctl
