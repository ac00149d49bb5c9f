#include "tools/ctl/options.h"

#include <utility>

#include "CLI/CLI.hpp"
#include "absl/strings/ascii.h"
#include "fmt/format.h"

#include "proxy/version.h"

namespace outrigger::ctl {
namespace {

struct Raw {
  RouteCheckOptions options;
  std::vector<std::string> headers;
  std::vector<std::string> response_headers;
  bool version = false;
  bool disable_deprecation_check = false;
};

void add_check_flags(CLI::App& app, Raw& raw) {
  RouteCheckOptions& o = raw.options;
  app.add_option("-c,--config-path", o.source.path,
                 "Route configuration (YAML, JSON or .pb_text), or a bootstrap or a file of "
                 "discovered resources that has it");
  app.add_option("-t,--test-path", o.test_path, "Test file (YAML, JSON or .pb_text)");
  app.add_option("--route-config", o.source.route_config,
                 "Name of the route configuration, where a file has several");
  app.add_option("--listener", o.source.listener,
                 "Name of the listener whose routes to take from a bootstrap");
  app.add_option("-o,--output-path", o.output_path, "File for the test results, as JSON");
  app.add_flag("-d,--details", o.details, "Show detailed test execution results");
  app.add_flag("--only-show-failures", o.only_show_failures, "Only display failing tests");
  app.add_option("-f,--fail-under", o.fail_under, "Fail if test coverage is under this percentage");
  app.add_flag("--covall", o.all_fields, "Measure coverage by checking all route fields");
  app.add_flag("--detailed-coverage", o.detailed_coverage,
               "Show detailed coverage with routes without tests");
  app.add_flag(
      "--disable-deprecation-check", raw.disable_deprecation_check,
      "Disable deprecated fields check (no effect: deprecated fields that are known work)");
}

void add_explain_flags(CLI::App& app, Raw& raw) {
  RouteCheckOptions& o = raw.options;
  app.add_flag("--explain", o.explain,
               "Say which virtual hosts and routes one request meets, and what becomes of it");
  app.add_option("--test", o.explained_test, "Explain the test of this name");
  app.add_option("--authority", o.request.authority, "Host of the request to explain");
  app.add_option("--path", o.request.path, "Its path, with the query");
  app.add_option("--method", o.request.method, "Its method")->capture_default_str();
  app.add_option("--header", raw.headers, "A header of it, as 'name: value'; several times")
      ->allow_extra_args(false);
  app.add_option("--response-header", raw.response_headers,
                 "A header of the upstream's response; several times")
      ->allow_extra_args(false);
  app.add_flag("--ssl", o.request.ssl, "It came over TLS");
  app.add_flag("--internal", o.request.internal, "It comes from inside (x-envoy-internal)");
  app.add_option("--random-value", o.request.random,
                 "Number that weights and fractions are drawn by");
}

Exit failure(std::string_view text) {
  return {1, fmt::format("error: {}\n", text)};
}

// False: there is no ':' behind a name.
bool add_header(const std::string& text, std::vector<HeaderText>& out) {
  size_t colon = text.find(':', 1);
  if (text.empty() || colon == std::string::npos) return false;
  std::string value = text.substr(colon + 1);
  absl::StripAsciiWhitespace(&value);
  out.push_back({absl::AsciiStrToLower(text.substr(0, colon)), std::move(value)});
  return true;
}

std::variant<RouteCheckOptions, Exit> check(Raw raw) {
  RouteCheckOptions& o = raw.options;
  for (const std::string& header : raw.headers) {
    if (!add_header(header, o.request.request_headers))
      return failure(fmt::format("--header '{}' is not of the form 'name: value'", header));
  }
  for (const std::string& header : raw.response_headers) {
    if (!add_header(header, o.request.response_headers))
      return failure(
          fmt::format("--response-header '{}' is not of the form 'name: value'", header));
  }
  bool has_request = !o.request.authority.empty() && !o.request.path.empty();
  if (!o.explain) {
    if (o.source.path.empty() || o.test_path.empty())
      return failure("Both --config-path/c and --test-path/t are mandatory");
    if (!o.explained_test.empty() || has_request)
      return failure("--test, --authority and --path are for --explain");
    o.source.raise_empty_fractions = true;
    return std::move(o);
  }
  if (o.source.path.empty()) return failure("--config-path/c is mandatory");
  bool has_test = !o.explained_test.empty();
  if (has_test == has_request || has_test != !o.test_path.empty()) {
    return failure(
        "--explain needs one request: --authority and --path, or --test-path and --test");
  }
  o.source.raise_empty_fractions = has_test;
  return std::move(o);
}

}  // namespace

std::variant<RouteCheckOptions, Exit> parse_options(int argc, const char* const* argv) {
  Raw raw;
  CLI::App app("outriggerctl: tools around Outrigger", "outriggerctl");
  app.add_flag("--version", raw.version, "Print version information and exit");
  CLI::App* check_command = app.add_subcommand(
      "route-check", "Check routes against a test file of Envoy's router check tool");
  add_check_flags(*check_command, raw);
  add_explain_flags(*check_command, raw);
  app.require_subcommand(0, 1);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return Exit{0, app.help()};
  } catch (const CLI::ParseError& error) {
    return failure(error.what());
  }
  if (raw.version) return Exit{0, fmt::format("outriggerctl version: {}\n", version_text())};
  if (!check_command->parsed()) return failure("a sub-command is required: route-check");
  return check(std::move(raw));
}

}  // namespace outrigger::ctl
