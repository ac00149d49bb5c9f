#include "xds/load.h"

#include <cmath>
#include <memory>
#include <string>

#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/util/time_util.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "envoy/config/bootstrap/v3/bootstrap.pb.h"
#include "envoy/config/core/v3/base.pb.h"
#include "envoy/extensions/transport_sockets/tls/v3/common.pb.h"

namespace outrigger::xds {
namespace {

using envoy::config::bootstrap::v3::Bootstrap;
using envoy::config::core::v3::TypedExtensionConfig;
using google::protobuf::util::TimeUtil;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

template <class Message>
struct Result {
  Message message;
  std::vector<std::string> problems;
  std::vector<std::string> warnings;
};

template <class Message>
Result<Message> load(std::string text, bool json = false, bool allow_unknown = false) {
  Result<Message> out;
  Problems problems;
  Sources sources;
  sources.add(json ? Document::parse_json(std::move(text), "f", problems)
                   : Document::parse_yaml(std::move(text), "f", problems));
  Schema schema;
  LoadOptions options{allow_unknown};
  LoadReport report(sources, *sources.documents()[0], options, problems, out.warnings);
  load_message(*sources.documents()[0], schema, report, out.message);
  out.problems = problems.lines();
  return out;
}

TEST(Load, TakesBothSpellingsOfNames) {
  auto result = load<Bootstrap>(
      "staticResources: {clusters: [{name: x, connectTimeout: 1s, alt_stat_name: b}]}");
  EXPECT_THAT(result.problems, IsEmpty());
  const auto& cluster = result.message.static_resources().clusters(0);
  EXPECT_EQ(cluster.connect_timeout().seconds(), 1);
  EXPECT_EQ(cluster.alt_stat_name(), "b");
}

TEST(Load, TakesEnumsByNameInAnyCaseAndByNumber) {
  auto policy = [](const std::string& value) {
    return load<envoy::config::cluster::v3::Cluster>("lb_policy: " + value).message.lb_policy();
  };
  EXPECT_EQ(policy("RANDOM"), 3);
  EXPECT_EQ(policy("least-request"), 1);
  EXPECT_EQ(policy("3"), 3);
  EXPECT_EQ(policy("'3'"), 3);
  EXPECT_EQ(policy("77"), 77);  // checked later
  EXPECT_THAT(load<envoy::config::cluster::v3::Cluster>("lb_policy: BEST").problems,
              ElementsAre(HasSubstr("lb_policy: 'BEST' is not one of ROUND_ROBIN, LEAST_REQUEST")));
}

TEST(Load, TakesEnumsWhoseNamesAreNotAllInCapitals) {
  using envoy::extensions::transport_sockets::tls::v3::TlsParameters;
  auto version = [](const std::string& value) {
    return load<TlsParameters>("tls_minimum_protocol_version: " + value)
        .message.tls_minimum_protocol_version();
  };
  EXPECT_EQ(version("TLSv1_3"), TlsParameters::TLSv1_3);
  EXPECT_EQ(version("TLSV1_3"), TlsParameters::TLSv1_3);
}

TEST(Load, TakesNumbersInEveryForm) {
  auto number = [](const std::string& value) {
    auto result =
        load<envoy::config::cluster::v3::Cluster>("per_connection_buffer_limit_bytes: " + value);
    return result.problems.empty()
               ? static_cast<int64_t>(result.message.per_connection_buffer_limit_bytes().value())
               : -1;
  };
  EXPECT_EQ(number("5"), 5);
  EXPECT_EQ(number("'5'"), 5);
  EXPECT_EQ(number("5.0"), 5);
  EXPECT_EQ(number("1e3"), 1000);
  EXPECT_EQ(number("{value: 7}"), 7);
  EXPECT_EQ(number("4294967295"), 4294967295);
  for (const char* wrong :
       {"4294967296", "-1", "5.5", "five", "true", "[1]", "1e300", "NaN", "' 5'"})
    EXPECT_EQ(number(wrong), -1) << wrong;
}

TEST(Load, TakesDoublesAndTheirNames) {
  auto number = [](const std::string& value) {
    return load<envoy::config::core::v3::RuntimeDouble>("default_value: " + value)
        .message.default_value();
  };
  EXPECT_EQ(number("1.5"), 1.5);
  EXPECT_EQ(number("-2"), -2);
  EXPECT_TRUE(std::isnan(number("NaN")));
  EXPECT_EQ(number("-Infinity"), -INFINITY);
  EXPECT_THAT(load<envoy::config::core::v3::RuntimeDouble>("default_value: 1e999").problems,
              ElementsAre(HasSubstr("expected a number")));
}

TEST(Load, TakesDurations) {
  auto duration = [](const std::string& value) {
    auto result = load<envoy::config::cluster::v3::Cluster>("connect_timeout: " + value);
    return result.problems.empty() ? TimeUtil::ToString(result.message.connect_timeout()) : "wrong";
  };
  EXPECT_EQ(duration("1.5s"), "1.500s");
  EXPECT_EQ(duration("0.000000001s"), "0.000000001s");
  EXPECT_EQ(duration("-0.5s"), "-0.500s");
  EXPECT_EQ(duration("{seconds: 3}"), "3s");
  for (const char* wrong :
       {"1", "1m", "s", ".5s", "1.s", "1.0000000001s", "--1s", "1 s", "999999999999s", "+1s"}) {
    EXPECT_EQ(duration(wrong), "wrong") << wrong;
  }
}

TEST(Load, TakesBytesTimesMasksAndStructs) {
  using envoy::config::core::v3::DataSource;
  EXPECT_EQ(load<DataSource>("inline_bytes: aGk/").message.inline_bytes(), "hi?");
  EXPECT_EQ(load<DataSource>("inline_bytes: aGk_").message.inline_bytes(), "hi?");
  EXPECT_THAT(load<DataSource>("inline_bytes: '***'").problems,
              ElementsAre(HasSubstr("expected octets in base64")));
  auto stamp = load<google::protobuf::Timestamp>("'2025-01-31T12:00:00.5Z'");
  EXPECT_EQ(TimeUtil::ToString(stamp.message), "2025-01-31T12:00:00.500Z");
  EXPECT_THAT(load<google::protobuf::Timestamp>("tomorrow").problems,
              ElementsAre(HasSubstr("expected a time")));
  auto mask = load<google::protobuf::FieldMask>("statPrefix,a.bC");
  EXPECT_THAT(mask.message.paths(), ElementsAre("stat_prefix", "a.b_c"));
  auto node =
      load<envoy::config::core::v3::Node>("metadata: {a: 1, b: [x, null, true], c: {d: '1'}}");
  const auto& fields = node.message.metadata().fields();
  EXPECT_EQ(fields.at("a").number_value(), 1);
  EXPECT_TRUE(fields.at("b").list_value().values(1).has_null_value());
  EXPECT_EQ(fields.at("c").struct_value().fields().at("d").string_value(), "1");
}

TEST(Load, TextIsTextOnly) {
  EXPECT_THAT(load<envoy::config::core::v3::Node>("id: 5\ncluster: yes\n").problems,
              ElementsAre("id: expected a string, got a number (5), line 1",
                          "cluster: expected a string, got a boolean (true), line 2"));
}

TEST(Load, NullIsUnsetAndAValueAloneIsAListOfOne) {
  auto result = load<Bootstrap>(
      "node: null\nstatic_resources: {clusters: {name: x}}\nnode_context_params: a\n");
  EXPECT_THAT(result.problems, IsEmpty());
  EXPECT_FALSE(result.message.has_node());
  EXPECT_EQ(result.message.static_resources().clusters(0).name(), "x");
  EXPECT_THAT(result.message.node_context_params(), ElementsAre("a"));
}

TEST(Load, OnlyOneMemberOfAOneof) {
  EXPECT_THAT(
      load<envoy::config::core::v3::Address>("pipe: {path: x}\nsocket_address: {address: y}\n")
          .problems,
      ElementsAre("socket_address: only one of 'pipe' and 'socket_address' can be set, line 2"));
}

TEST(Load, UnknownFieldsAreErrorsOrWarnings) {
  std::string text = "node: {idd: x}\nstatic_resources:\n  clusters:\n  - name: a\n    nmae: b\n";
  auto strict = load<Bootstrap>(text);
  EXPECT_THAT(strict.problems,
              ElementsAre("node.idd: unknown field, line 1",
                          "static_resources.clusters[0].nmae: unknown field, line 5"));
  auto lenient = load<Bootstrap>(text, false, true);
  EXPECT_THAT(lenient.problems, IsEmpty());
  EXPECT_THAT(lenient.warnings,
              ElementsAre("node.idd: unknown field is ignored, line 1",
                          "static_resources.clusters[0].nmae: unknown field is ignored, line 5"));
}

TEST(Load, PacksAnyByItsType) {
  auto result = load<TypedExtensionConfig>(
      R"({name: x, typed_config: {"@type": type.googleapis.com/envoy.config.core.v3.Pipe, path: /p}})");
  EXPECT_THAT(result.problems, IsEmpty());
  envoy::config::core::v3::Pipe pipe;
  ASSERT_TRUE(result.message.typed_config().UnpackTo(&pipe));
  EXPECT_EQ(pipe.path(), "/p");
}

TEST(Load, PacksAWellKnownTypeFromItsValue) {
  auto result = load<TypedExtensionConfig>(
      R"(typed_config: {"@type": type.googleapis.com/google.protobuf.Duration, value: 2s})");
  google::protobuf::Duration duration;
  ASSERT_TRUE(result.message.typed_config().UnpackTo(&duration));
  EXPECT_EQ(duration.seconds(), 2);
}

TEST(Load, UnwrapsATypedStruct) {
  for (const char* type : {"xds.type.v3.TypedStruct", "udpa.type.v1.TypedStruct"}) {
    auto result = load<TypedExtensionConfig>(
        std::string(R"(typed_config: {"@type": type.googleapis.com/)") + type +
        ", type_url: type.googleapis.com/envoy.config.core.v3.Pipe, value: {path: /p, moode: 1}}");
    EXPECT_THAT(result.problems, ElementsAre("typed_config.moode: unknown field, line 1"));
    envoy::config::core::v3::Pipe pipe;
    ASSERT_TRUE(result.message.typed_config().UnpackTo(&pipe));
    EXPECT_EQ(pipe.path(), "/p");
  }
}

TEST(Load, NamesATypeThatWeDoNotHave) {
  auto problems = [](const std::string& any) {
    return load<TypedExtensionConfig>("name: x\ntyped_config: " + any).problems;
  };
  EXPECT_THAT(problems(R"({"@type": type.googleapis.com/a.B})"),
              ElementsAre("typed_config: the type 'type.googleapis.com/a.B' is not supported by "
                          "Outrigger, line 2"));
  EXPECT_THAT(problems("{a: b}"),
              ElementsAre("typed_config: '@type' must name the message's type, line 2"));
  EXPECT_THAT(problems("x"), ElementsAre(HasSubstr("expected a mapping with \"@type\"")));
  EXPECT_THAT(problems(R"({"@type": type.googleapis.com/xds.type.v3.TypedStruct})"),
              ElementsAre(HasSubstr("must have a 'type_url'")));
}

TEST(Load, TypeIsAFieldOfAnyOnly) {
  EXPECT_THAT(load<Bootstrap>(R"({"@type": x, node: {"@type": y}})").problems,
              ElementsAre("@type: unknown field, line 1", "node.@type: unknown field, line 1"));
}

TEST(Load, KeepsWhatAHarmlessFieldSaysOfATypeThatWeDoNotHave) {
  auto result = load<Bootstrap>(
      R"(stats_sinks: [{name: c, typed_config: {"@type": type.googleapis.com/a.B, x: 1}}])");
  EXPECT_THAT(result.problems, IsEmpty());
  google::protobuf::Struct content;
  ASSERT_TRUE(result.message.stats_sinks(0).typed_config().UnpackTo(&content));
  EXPECT_EQ(content.fields().at("@type").string_value(), "type.googleapis.com/a.B");
}

TEST(Load, StopsAtDepthThatAliasesMake) {
  std::string text = "a0: &a0 {x: 1}\n";
  for (int i = 1; i < 40; ++i) {
    std::string n = std::to_string(i);
    text += "a" + n + ": &a" + n + " {k: *a" + std::to_string(i - 1) + "}\n";
  }
  EXPECT_THAT(load<google::protobuf::Struct>(text).problems,
              testing::Contains(HasSubstr("nested more than 30 levels deep")));
}

TEST(Load, MapsHaveTheirKeysInThePath) {
  EXPECT_THAT(
      load<envoy::config::core::v3::Node>("dynamic_parameters: {a.b: {params: {k: 1}}}").problems,
      ElementsAre("dynamic_parameters[\"a.b\"].params[\"k\"]: expected a string, got a number (1), "
                  "line 1"));
}

TEST(Load, ReadsJsonTheSameWay) {
  auto result = load<Bootstrap>(
      R"({"node": {"id": "x"}, "stats_flush_interval": "5s", "header_prefix": 7})", true);
  EXPECT_EQ(result.message.node().id(), "x");
  EXPECT_EQ(result.message.stats_flush_interval().seconds(), 5);
  EXPECT_THAT(result.problems,
              ElementsAre("header_prefix: expected a string, got a number (7), line 1"));
}

}  // namespace
}  // namespace outrigger::xds
