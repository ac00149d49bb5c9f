#include "proxy/options.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "proxy/cpu_limit.h"
#include "proxy/options_proto.h"
#include "proxy/version.h"

namespace outrigger {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::StartsWith;

std::variant<Options, CommandLineExit> parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "outrigger");
  return parse_options(static_cast<int>(arguments.size()), arguments.data());
}

Options parsed(std::vector<const char*> arguments) {
  auto result = parse(std::move(arguments));
  if (auto* exit = std::get_if<CommandLineExit>(&result)) {
    ADD_FAILURE() << exit->text;
    return {};
  }
  return std::get<Options>(result);
}

// The first line of what is printed; the code must be 1.
std::string error_of(std::vector<const char*> arguments) {
  auto result = parse(std::move(arguments));
  auto* exit = std::get_if<CommandLineExit>(&result);
  if (exit == nullptr) return "no error";
  EXPECT_EQ(exit->code, 1);
  EXPECT_THAT(exit->text, HasSubstr("\nRun with --help to see every flag.\n"));
  return exit->text.substr(0, exit->text.find('\n'));
}

TEST(Options, DefaultsAreEnvoys) {
  Options o = parsed({"-c", "b.yaml"});
  EXPECT_EQ(o.config_path, "b.yaml");
  EXPECT_EQ(o.mode, Mode::serve);
  EXPECT_EQ(o.concurrency, default_concurrency());
  EXPECT_EQ(o.drain_time, std::chrono::seconds(600));
  EXPECT_EQ(o.drain_strategy, DrainStrategy::gradual);
  EXPECT_EQ(o.parent_shutdown_time, std::chrono::seconds(900));
  EXPECT_EQ(o.file_flush_interval, std::chrono::seconds(10));
  EXPECT_EQ(o.file_flush_min_size_kb, 64u);
  EXPECT_EQ(o.log_level, log::Level::info);
  EXPECT_EQ(o.log_format, "[%Y-%m-%d %T.%e][%t][%l][%n] [%g:%#] %v");
  EXPECT_EQ(o.socket_path, "@envoy_domain_socket");
  EXPECT_EQ(o.event_engine, EventEngine::epoll);
  EXPECT_FALSE(o.allow_unknown_static_fields);
}

// What Istio's agent starts its proxy with.
TEST(Options, TakesTheAgentsCommandLine) {
  Options o = parsed({"-c",
                      "etc/istio/proxy/envoy-rev.json",
                      "--drain-time-s",
                      "45",
                      "--drain-strategy",
                      "immediate",
                      "--local-address-ip-version",
                      "v4",
                      "--file-flush-interval-msec",
                      "1000",
                      "--disable-hot-restart",
                      "--allow-unknown-static-fields",
                      "-l",
                      "warning",
                      "--component-log-level",
                      "misc:error",
                      "--skip-deprecated-logs",
                      "--concurrency",
                      "2",
                      "--log-format",
                      "%Y-%m-%dT%T.%fZ\t%l\tenvoy %n %g:%#\t%v"});
  EXPECT_EQ(o.drain_time, std::chrono::seconds(45));
  EXPECT_EQ(o.drain_strategy, DrainStrategy::immediate);
  EXPECT_EQ(o.file_flush_interval, std::chrono::seconds(1));
  EXPECT_TRUE(o.disable_hot_restart);
  EXPECT_TRUE(o.allow_unknown_static_fields);
  EXPECT_TRUE(o.skip_deprecated_logs);
  EXPECT_EQ(o.log_level, log::Level::warning);
  EXPECT_EQ(o.component_log_level, "misc:error");
  EXPECT_EQ(o.concurrency, 2u);
  EXPECT_EQ(o.log_format, "%Y-%m-%dT%T.%fZ\t%l\tenvoy %n %g:%#\t%v");
}

TEST(Options, TakesEveryOtherFlag) {
  Options o = parsed({"--config-yaml",
                      "{}",
                      "--mode",
                      "validate",
                      "--service-cluster",
                      "c",
                      "--service-node",
                      "n",
                      "--service-zone",
                      "z",
                      "--reject-unknown-dynamic-fields",
                      "--ignore-unknown-dynamic-fields",
                      "--log-path",
                      "/tmp/x",
                      "--log-format-escaped",
                      "--parent-shutdown-time-s",
                      "7",
                      "--base-id",
                      "3",
                      "--restart-epoch",
                      "1",
                      "--file-flush-min-size-kb",
                      "5",
                      "--enable-core-dump",
                      "--cpuset-threads",
                      "--enable-mutex-tracing",
                      "--socket-path",
                      "@s",
                      "--socket-mode",
                      "600",
                      "--base-id-path",
                      "p",
                      "--skip-hot-restart-on-no-parent",
                      "--skip-hot-restart-parent-stats",
                      "--log-format-prefix-with-location",
                      "1",
                      "--enable-fine-grain-logging",
                      "--disable-extensions",
                      "a/b,c/d",
                      "--admin-address-path",
                      "a",
                      "--event-engine",
                      "io_uring",
                      "--local-address-ip-version",
                      "v6",
                      "--log-stacktrace-single-entry"});
  EXPECT_EQ(o.mode, Mode::validate);
  EXPECT_EQ(o.service_cluster + o.service_node + o.service_zone, "cnz");
  EXPECT_EQ(o.event_engine, EventEngine::io_uring);
  EXPECT_EQ(o.local_address_ip_version, IpVersion::v6);
  EXPECT_EQ(o.admin_address_path, "a");
  auto proto = to_proto(o);
  EXPECT_EQ(proto.mode(), envoy::admin::v3::CommandLineOptions::Validate);
  EXPECT_EQ(proto.disabled_extensions_size(), 2);
  EXPECT_EQ(proto.parent_shutdown_time().seconds(), 7);
  EXPECT_EQ(proto.base_id(), 3u);
  EXPECT_EQ(proto.socket_mode(), 600u);
  EXPECT_TRUE(proto.enable_core_dump());
  EXPECT_TRUE(proto.log_format_escaped());
}

TEST(Options, StatsTagsAreRepeated) {
  Options o =
      parsed({"-c", "b", "--stats-tag", "a:b", "--stats-tag", "c:d:e", "--stats-tag", "a:other"});
  EXPECT_THAT(o.stats_tags, ElementsAre(Pair("a", "b"), Pair("c", "d:e")));
  EXPECT_EQ(error_of({"-c", "b", "--stats-tag", "a"}), "error: misformatted stats-tag 'a'");
  EXPECT_EQ(error_of({"-c", "b", "--stats-tag", ":a"}), "error: misformatted stats-tag ':a'");
  EXPECT_EQ(error_of({"-c", "b", "--stats-tag", "a-:b"}),
            "error: misformatted stats-tag 'a-:b' contains invalid char in 'a-'");
  EXPECT_EQ(error_of({"-c", "b", "--stats-tag", "a:b.c"}),
            "error: misformatted stats-tag 'a:b.c' contains invalid char in 'b.c'");
}

TEST(Options, ErrorsNameTheFlagAndTheValue) {
  EXPECT_THAT(error_of({"--nope"}), HasSubstr("--nope"));
  EXPECT_THAT(error_of({"-c", "b", "word"}), HasSubstr("word"));
  EXPECT_THAT(error_of({"-c", "b", "--concurrency", "x"}), HasSubstr("--concurrency"));
  EXPECT_THAT(error_of({"-c", "b", "--concurrency", "-1"}), HasSubstr("--concurrency"));
  EXPECT_THAT(error_of({"-c", "b", "--concurrency", "99999"}), HasSubstr("--concurrency"));
  EXPECT_THAT(error_of({"-c", "b", "--drain-time-s", "5s"}), HasSubstr("--drain-time-s"));
  EXPECT_THAT(error_of({"-c", "b", "-c", "c"}), HasSubstr("--config-path"));
  EXPECT_THAT(error_of({"-c"}), HasSubstr("--config-path"));
  EXPECT_EQ(error_of({"-c", "b", "--mode", "foo"}), "error: unknown mode 'foo'");
  EXPECT_EQ(error_of({"-c", "b", "-l", "foo"}), "error: invalid log level specified 'foo'");
  EXPECT_EQ(error_of({"-c", "b", "--drain-strategy", "foo"}),
            "error: unknown drain-strategy 'foo'");
  EXPECT_EQ(error_of({"-c", "b", "--local-address-ip-version", "v5"}),
            "error: unknown IP address version 'v5'");
  EXPECT_EQ(error_of({"-c", "b", "--event-engine", "kqueue"}),
            "error: unknown event engine 'kqueue'");
  EXPECT_EQ(error_of({"-c", "b", "--component-log-level", "foo:info"}),
            "error: invalid component specified 'foo'");
  EXPECT_EQ(error_of({"-c", "b", "--component-log-level", "http:foo"}),
            "error: invalid log level specified 'foo'");
  EXPECT_EQ(error_of({"-c", "b", "--component-log-level", "http"}),
            "error: component log level not correctly specified 'http'");
  EXPECT_EQ(
      error_of({"-c", "b", "--component-log-level", "http:info", "--enable-fine-grain-logging"}),
      "error: --component-log-level will not work with --enable-fine-grain-logging");
  EXPECT_EQ(error_of({"-c", "b", "--restart-epoch", "1", "--use-dynamic-base-id"}),
            "error: cannot use --restart-epoch=1 with --use-dynamic-base-id");
  EXPECT_EQ(error_of({}),
            "error: At least one of --config-path or --config-yaml should be non-empty");
}

TEST(Options, ZeroWorkersAreOne) {
  EXPECT_EQ(parsed({"-c", "b", "--concurrency", "0"}).concurrency, 1u);
}

TEST(Options, LoggersOfEnvoyAloneAreAccepted) {
  EXPECT_EQ(
      parsed({"-c", "b", "--component-log-level", "wasm:debug,lua:trace"}).component_log_level,
      "wasm:debug,lua:trace");
}

TEST(Options, ArgumentsAfterTwoDashesAreNotOurs) {
  EXPECT_EQ(parsed({"-c", "b", "--", "--nope"}).config_path, "b");
  EXPECT_EQ(parsed({"-c", "b", "--ignore_rest", "x"}).config_path, "b");
}

TEST(Options, HelpAndVersionsExitWithZero) {
  auto text = [](const char* flag) {
    auto result = parse({flag});
    auto* exit = std::get_if<CommandLineExit>(&result);
    EXPECT_TRUE(exit != nullptr && exit->code == 0) << flag;
    return exit == nullptr ? "" : exit->text;
  };
  EXPECT_THAT(text("--help"), HasSubstr("--component-log-level"));
  EXPECT_EQ(text("-h"), text("--help"));
  EXPECT_EQ(text("--version"), "\noutrigger  version: " + version_text() + "\n\n");
  EXPECT_EQ(text("--hot-restart-version"), "1\n");
}

TEST(Version, HasEnvoysFiveParts) {
  std::string version = version_text();
  EXPECT_EQ(std::count(version.begin(), version.end(), '/'), 4) << version;
  EXPECT_THAT(version, ::testing::EndsWith("/OpenSSL"));
  EXPECT_EQ(build_version().number, "0.1.0");
}

TEST(Node, IsCompletedFromTheCommandLineAndTheBuild) {
  envoy::config::core::v3::Node node;
  node.set_id("from file");
  node.set_cluster("from file");
  node.mutable_locality()->set_region("r");
  Options options;
  options.service_node = "n";
  options.service_zone = "z";
  complete_node(node, options);
  EXPECT_EQ(node.id(), "n");
  EXPECT_EQ(node.cluster(), "from file");
  EXPECT_EQ(node.locality().region() + node.locality().zone(), "rz");
  EXPECT_EQ(node.user_agent_name(), "outrigger");
  EXPECT_EQ(node.user_agent_build_version().version().minor_number(), 1u);
  EXPECT_THAT(node.user_agent_build_version().metadata().fields().at("ssl.version").string_value(),
              StartsWith("OpenSSL"));
}

}  // namespace
}  // namespace outrigger
