#include "xds/bootstrap.h"

#include <chrono>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "envoy/config/bootstrap/v3/bootstrap.pb.h"

#include "test/unit/xds/load_helpers.h"
#include "xds/problems.h"

namespace outrigger::xds {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::load;
using testing::load_cluster;
using testing::load_listener;
using testing::Loaded;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

std::string write(const std::string& name, const std::string& text) {
  std::string path = ::testing::TempDir() + "/" + name;
  std::ofstream(path) << text;
  return path;
}

TEST(Bootstrap, LoadsAFileAndKeepsItsMessage) {
  BootstrapSource source;
  source.path = write("b.yaml",
                      "node: {id: me, cluster: c, locality: {zone: z}}\nheader_prefix: "
                      "x-envoy\nstats_flush_interval: 7s\n");
  Loaded loaded = load(source);
  ASSERT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(loaded.compiled.node.id, "me");
  EXPECT_EQ(loaded.compiled.node.cluster, "c");
  EXPECT_EQ(loaded.compiled.node.zone, "z");
  EXPECT_EQ(loaded.compiled.header_prefix, "x-envoy");
  EXPECT_EQ(loaded.compiled.stats_flush_interval, milliseconds(7000));
  EXPECT_FALSE(loaded.compiled.admin.has_value());
  EXPECT_EQ(loaded.proto->node().id(), "me");
}

TEST(Bootstrap, DefaultsAreEnvoys) {
  Loaded loaded = load("{}");
  ASSERT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(loaded.compiled.stats_flush_interval, milliseconds(5000));
  EXPECT_EQ(loaded.compiled.header_prefix, "x-envoy");
  EXPECT_TRUE(loaded.compiled.stats.use_all_default_tags);
}

TEST(Bootstrap, HeadersHaveEnvoysPrefixOnly) {
  EXPECT_THAT(load("header_prefix: x-my").errors,
              ElementsAre("header_prefix: only 'x-envoy' is supported by Outrigger, line 1"));
}

TEST(Bootstrap, FindsTheLineInATypedStruct) {
  EXPECT_THAT(
      load_listener(
          {.filters =
               R"({name: h, typed_config: {"@type": type.googleapis.com/xds.type.v3.TypedStruct,
            type_url: type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer,
            value: {
              maxRequestBytes: 0}}}, )" +
               std::string(testing::kRouterFilter)})
          .errors,
      ElementsAre(HasSubstr(
          "typed_config.max_request_bytes: value must be greater than 0 (is 0), line 17")));
}

TEST(Bootstrap, TheCommandLineNamesTheNode) {
  BootstrapSource source;
  source.yaml = "node: {id: me, cluster: c}";
  source.node.id = "other";
  source.node.zone = "z";
  Loaded loaded = load(source);
  EXPECT_EQ(loaded.compiled.node.id, "other");
  EXPECT_EQ(loaded.compiled.node.cluster, "c");
  EXPECT_EQ(loaded.compiled.node.zone, "z");
}

TEST(Bootstrap, YamlIsMergedOverTheFile) {
  BootstrapSource source;
  source.path = write(
      "base.json",
      R"({"node": {"id": "n", "cluster": "c"}, "static_resources": {"clusters": [{"name": "a"}]}})");
  source.yaml = "node: {id: m}\nstatic_resources:\n  clusters:\n  - name: b\n";
  Loaded loaded = load(source);
  ASSERT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(loaded.compiled.node.id, "m");
  EXPECT_EQ(loaded.compiled.node.cluster, "c");
  EXPECT_EQ(loaded.cluster(0).ref.name, "a");
  EXPECT_EQ(loaded.cluster(1).ref.name, "b");
}

TEST(Bootstrap, ErrorsOfAMergedConfigurationNameTheirSource) {
  BootstrapSource source;
  source.path =
      write("base.yaml", "static_resources:\n  clusters:\n  - {name: a, connect_timeout: 0s}\n");
  source.yaml =
      "static_resources:\n  clusters:\n  - {name: b}\n  - {name: c, connect_timeout: 0s}\n";
  EXPECT_THAT(load(source).errors,
              ElementsAre(AllOf(StartsWith("static_resources.clusters[0].connect_timeout: "),
                                HasSubstr("line 3 of "), HasSubstr("base.yaml")),
                          AllOf(StartsWith("static_resources.clusters[2].connect_timeout: "),
                                HasSubstr("line 4 of --config-yaml"))));
}

TEST(Bootstrap, NeedsAConfiguration) {
  EXPECT_THAT(load(BootstrapSource()).errors,
              ElementsAre("at least one of --config-path and --config-yaml must be given"));
  EXPECT_THAT(load("# nothing").errors, ElementsAre("--config-yaml: the document is empty"));
  BootstrapSource missing;
  missing.path = "/nonexistent/b.yaml";
  EXPECT_THAT(load(missing).errors, ElementsAre("unable to read file: /nonexistent/b.yaml"));
}

TEST(Bootstrap, ReportsProblemsOfEveryKindAtOnceWithTheirLines) {
  EXPECT_THAT(
      load(R"(static_resources:
  clusters:
  - name: a
    conect_timeout: 1s
    connect_timeout: soon
    per_connection_buffer_limit_bytes: -1
    lrs_server: {}
  - connect_timeout: 0s
)")
          .errors,
      UnorderedElementsAre(
          "static_resources.clusters[0].conect_timeout: unknown field, line 4",
          "static_resources.clusters[0].connect_timeout: expected a duration like \"1.5s\", got a "
          "string (soon), line 5",
          "static_resources.clusters[0].per_connection_buffer_limit_bytes: expected a whole number "
          "from 0 to 4294967295, "
          "got -1, line 6",
          "static_resources.clusters[0].lrs_server: is not supported by Outrigger, line 7",
          "static_resources.clusters[1].name: value length must be at least 1 characters (is 0), "
          "line 8",
          "static_resources.clusters[1].connect_timeout: value must be greater than 0s (is 0s), "
          "line 8"));
}

TEST(Bootstrap, ReportsWhatCompilingFindsInEveryPart) {
  EXPECT_THAT(load(R"(admin: {address: {socket_address: {address: nowhere, port_value: 1}}}
static_resources:
  clusters:
  - {name: a, type: EDS}
  - {name: b, lb_policy: CLUSTER_PROVIDED}
  - name: b
)")
                  .errors,
              UnorderedElementsAre(
                  "static_resources.clusters[0].eds_cluster_config.eds_config: clusters of the "
                  "type EDS need it, line 4",
                  "static_resources.clusters[1].lb_policy: CLUSTER_PROVIDED is for clusters of the "
                  "types ORIGINAL_DST and dynamic_forward_proxy, line 5",
                  "static_resources.clusters[2].name: duplicate cluster 'b', line 6",
                  "admin.address.socket_address.address: 'nowhere' is not an IP address, line 1"));
}

TEST(Bootstrap, ReportsNoMoreThanAnybodyReads) {
  std::string text = "static_resources:\n  clusters:\n";
  for (int i = 0; i < 60; ++i) text += "  - {name: c, nmae: d" + std::to_string(i) + "}\n";
  Loaded loaded = load(text);
  ASSERT_EQ(loaded.errors.size(), Problems::kMax + 1);
  EXPECT_EQ(loaded.errors.back(), "... and 10 more");
}

TEST(Bootstrap, QuotedTextCannotPassForAnotherLine) {
  EXPECT_THAT(load("\"a\\nb\": 1").errors, ElementsAre("a b: unknown field, line 1"));
}

TEST(Bootstrap, UnknownFieldsMayBeAllowed) {
  BootstrapSource source;
  source.yaml = "nodee: 1";
  source.allow_unknown_fields = true;
  Loaded loaded = load(source);
  EXPECT_THAT(loaded.errors, IsEmpty());
  EXPECT_THAT(loaded.warnings, ElementsAre("nodee: unknown field is ignored, line 1"));
}

TEST(Bootstrap, RefusesTwoListenersOnOneAddress) {
  auto listener = [](const std::string& name, const std::string& address) {
    return "  - {name: " + name + ", address: {socket_address: {" + address +
           R"(}}, filter_chains: [{filters: [{name: h, typed_config: {
      "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager, stat_prefix: s,
      route_config: {}, http_filters: [)" +
           testing::kRouterFilter + "]}}]}]}\n";
  };
  std::string head = "static_resources:\n  listeners:\n";
  EXPECT_THAT(load(head + listener("l", "address: 0.0.0.0, port_value: 1") +
                   listener("m", "address: 0.0.0.0, port_value: 1"))
                  .errors,
              ElementsAre("static_resources.listeners[1].address: listener 'm' has duplicate "
                          "address '0.0.0.0:1' as existing listener 'l', line 6"));
  EXPECT_THAT(load(head + listener("l", "address: 0.0.0.0, port_value: 0") +
                   listener("m", "address: 0.0.0.0, port_value: 0"))
                  .errors,
              IsEmpty());
  EXPECT_THAT(load(head + listener("l", "address: 0.0.0.0, port_value: 1") +
                   listener("l", "address: 0.0.0.0, port_value: 2"))
                  .errors,
              ElementsAre(HasSubstr("listeners[1].name: duplicate listener 'l'")));
}

TEST(Bootstrap, LoadsTenThousandClusters) {
  std::string text = "static_resources:\n  clusters:\n";
  for (int i = 0; i < 10000; ++i) {
    text += "  - {name: c" + std::to_string(i) +
            ", load_assignment: {cluster_name: c, endpoints: [{lb_endpoints: [{endpoint: {address: "
            "{socket_address: {address: 10.0.0.1, port_value: 80}}}}]}]}}\n";
  }
  Loaded loaded = load(text);
  ASSERT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(loaded.compiled.clusters.size(), 10000u);
  EXPECT_EQ(loaded.cluster(9999).endpoints->localities[0].endpoints[0]->address.text(),
            "10.0.0.1:80");
}

}  // namespace
}  // namespace outrigger::xds
