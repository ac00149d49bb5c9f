#include "tools/ctl/options.h"

#include <gtest/gtest.h>

namespace outrigger::ctl {
namespace {

template <class... Arguments>
std::variant<RouteCheckOptions, Exit> parse(Arguments... arguments) {
  const char* argv[] = {"outriggerctl", arguments...};
  return parse_options(1 + static_cast<int>(sizeof...(arguments)), argv);
}

TEST(CtlOptions, HasTheFlagsOfEnvoysTool) {
  auto parsed =
      parse("route-check", "-c", "routes", "-t", "tests", "-d", "--only-show-failures", "-f",
            "12.5", "--covall", "--detailed-coverage", "--disable-deprecation-check", "-o", "out");
  const auto* options = std::get_if<RouteCheckOptions>(&parsed);
  ASSERT_NE(options, nullptr) << std::get<Exit>(parsed).text;
  EXPECT_EQ(options->source.path, "routes");
  EXPECT_EQ(options->test_path, "tests");
  EXPECT_TRUE(options->details);
  EXPECT_TRUE(options->only_show_failures);
  EXPECT_EQ(options->fail_under, 12.5);
  EXPECT_TRUE(options->all_fields);
  EXPECT_TRUE(options->detailed_coverage);
  EXPECT_EQ(options->output_path, "out");
  EXPECT_TRUE(options->source.raise_empty_fractions);
}

TEST(CtlOptions, ARequestToExplainIsGivenByFlags) {
  auto parsed = parse("route-check", "-c", "routes", "--explain", "--authority", "a", "--path",
                      "/p", "--header", "X-A:  b:c ", "--header", ":scheme: x", "--method", "PUT");
  const auto* options = std::get_if<RouteCheckOptions>(&parsed);
  ASSERT_NE(options, nullptr) << std::get<Exit>(parsed).text;
  EXPECT_FALSE(options->source.raise_empty_fractions);
  EXPECT_EQ(options->request.method, "PUT");
  ASSERT_EQ(options->request.request_headers.size(), 2u);
  EXPECT_EQ(options->request.request_headers[0].name, "x-a");
  EXPECT_EQ(options->request.request_headers[0].value, "b:c");
  EXPECT_EQ(options->request.request_headers[1].name, ":scheme");
}

TEST(CtlOptions, EveryMistakeExitsWithOne) {
  EXPECT_EQ(std::get<Exit>(parse()).code, 1);
  EXPECT_EQ(std::get<Exit>(parse("unknown")).code, 1);
  EXPECT_EQ(std::get<Exit>(parse("route-check")).code, 1);
  EXPECT_EQ(std::get<Exit>(parse("route-check", "-c", "a", "--explain")).code, 1);
  EXPECT_EQ(std::get<Exit>(parse("route-check", "-c", "a", "-t", "b", "-f", "x")).code, 1);
  EXPECT_EQ(std::get<Exit>(parse("--help")).code, 0);
  EXPECT_EQ(std::get<Exit>(parse("--version")).code, 0);
}

}  // namespace
}  // namespace outrigger::ctl
