#include "xds/check.h"

#include <memory>
#include <string>

#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/text_format.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "envoy/config/bootstrap/v3/bootstrap.pb.h"
#include "envoy/extensions/upstreams/http/v3/http_protocol_options.pb.h"

#include "xds/field_rules.h"
#include "xds/load.h"

namespace outrigger::xds {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

struct Checked {
  std::vector<std::string> problems;
  std::vector<std::string> warnings;
};

Checked check(std::string yaml) {
  Checked out;
  Problems problems;
  Sources sources;
  sources.add(Document::parse_yaml(std::move(yaml), "f", problems));
  Schema schema;
  LoadReport report(sources, *sources.documents()[0], {}, problems, out.warnings);
  envoy::config::bootstrap::v3::Bootstrap message;
  load_message(*sources.documents()[0], schema, report, message);
  EXPECT_THAT(problems.lines(), IsEmpty());
  MessageChecker(schema, sources, problems, out.warnings).check(message);
  out.problems = problems.lines();
  return out;
}

TEST(Check, NamesPathValueAndLine) {
  EXPECT_THAT(
      check("static_resources:\n  clusters:\n  - name: a\n    connect_timeout: 0s\n").problems,
      ElementsAre("static_resources.clusters[0].connect_timeout: value must be greater than 0s (is "
                  "0s), line 4"));
}

TEST(Check, FindsSeveralProblemsAtOnce) {
  EXPECT_THAT(check(R"(
stats_flush_interval: 400s
static_resources:
  clusters:
  - connect_timeout: 1s
  - name: b
    per_connection_buffer_limit_bytes: 5
    load_assignment:
      cluster_name: b
      endpoints:
      - priority: 200
)")
                  .problems,
              UnorderedElementsAre(HasSubstr("stats_flush_interval: value must be"),
                                   "static_resources.clusters[0].name: value length must be at "
                                   "least 1 characters (is 0), line 5",
                                   "static_resources.clusters[1].load_assignment.endpoints[0]."
                                   "priority: value must be less than or equal "
                                   "to 128 (is 200), line 11"));
}

TEST(Check, RulesOfWrappersAreOfTheirValue) {
  EXPECT_THAT(
      check("static_resources: {clusters: [{name: a, least_request_lb_config: {choice_count: 1}}]}")
          .problems,
      ElementsAre(
          HasSubstr("choice_count: value must be greater than or equal to 2 (is 1), line 1")));
}

TEST(Check, ARequiredOneofMustBeSetAndOnlyThenIsAskedForItsMember) {
  EXPECT_THAT(check("admin: {address: {}}").problems,
              ElementsAre("admin.address: one of the fields of 'address' must be set, line 1"));
  EXPECT_THAT(check("admin: {address: {pipe: {path: x}}}").problems, IsEmpty());
}

TEST(Check, RecursesIntoAny) {
  EXPECT_THAT(
      check(R"(
static_resources:
  clusters:
  - name: a
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config:
          http2_protocol_options:
            max_concurrent_streams: 0
)")
          .problems,
      ElementsAre(HasSubstr(
          "HttpProtocolOptions\"].explicit_http_config.http2_protocol_options.max_concurrent_"
          "streams: value must be "
          "greater than or equal to 1 and less than or equal to 2147483647 (is 0), line 10")));
}

TEST(Check, ReportsEveryFieldThatIsNotSupported) {
  EXPECT_THAT(
      check(R"(
node: {}
hds_config: {}
static_resources:
  clusters:
  - name: a
    lrs_server: {}
    transport_socket: {name: x}
  listeners:
  - listener_filters: []
    udp_listener_config: {}
    filter_chains: [{filter_chain_match: {address_suffix: a}}]
)")
          .problems,
      UnorderedElementsAre(
          "hds_config: is not supported by Outrigger, line 3",
          "static_resources.clusters[0].lrs_server: is not supported by Outrigger, line 7",
          "static_resources.listeners[0].udp_listener_config: is not supported by Outrigger, line "
          "11",
          "static_resources.listeners[0].filter_chains[0].filter_chain_match.address_suffix: is "
          "not "
          "supported by "
          "Outrigger, line 12"));
}

TEST(Check, WarnsOfAHarmlessFieldOnce) {
  Checked checked = check(
      "static_resources: {clusters: [{name: a, common_lb_config: {update_merge_window: 1s}}, "
      "{name: b, common_lb_config: {update_merge_window: 1s}}]}");
  EXPECT_THAT(checked.problems, IsEmpty());
  EXPECT_THAT(checked.warnings,
              ElementsAre("static_resources.clusters[0].common_lb_config.update_merge_window: has "
                          "no effect: updates of endpoints are in force at once, line 1"));
}

TEST(Check, RulesHoldInsideOfHarmlessFieldsButNothingMustBeSupported) {
  EXPECT_THAT(check("watchdogs: {main_thread_watchdog: {miss_timeout: 1s}}").problems, IsEmpty());
  EXPECT_THAT(check("watchdogs: {main_thread_watchdog: {actions: [{event: 77, config: {name: x, "
                    "typed_config: {\"@type\": "
                    "type.googleapis.com/a.B}}}]}}")
                  .problems,
              ElementsAre(HasSubstr(
                  "actions[0].event: value must be one of the defined enum values (is 77)")));
}

// A message whose rules are written here: Envoy's own messages do not have every kind.
class FieldRules : public ::testing::Test {
 protected:
  // `options` of the field `f` of a message with that label and type.
  std::vector<std::string> broken(const std::string& type, const std::string& options,
                                  const std::string& text) {
    google::protobuf::FileDescriptorProto file;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(R"(
      name: 't.proto' syntax: 'proto3' package: 't'
      dependency: 'google/protobuf/any.proto' dependency: 'google/protobuf/duration.proto' dependency: 'google/protobuf/timestamp.proto'
      message_type { name: 'M'
        field { name: 'f' number: 1 )" + type + " options { [validate.rules] {" +
                                                                  options + R"(} } }
        nested_type { name: 'FEntry' options { map_entry: true }
          field { name: 'key' number: 1 label: LABEL_OPTIONAL type: TYPE_STRING }
          field { name: 'value' number: 2 label: LABEL_OPTIONAL type: TYPE_INT32 } } })",
                                                              &file));
    google::protobuf::DescriptorPool pool(google::protobuf::DescriptorPool::generated_pool());
    const auto* built = pool.BuildFile(file);
    EXPECT_NE(built, nullptr);
    google::protobuf::DynamicMessageFactory factory(&pool);
    factory.SetDelegateToGeneratedFactory(true);
    std::unique_ptr<google::protobuf::Message> message(
        factory.GetPrototype(built->message_type(0))->New());
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, message.get())) << text;
    Schema schema;
    std::vector<std::string> out;
    const auto& field = *built->message_type(0)->field(0);
    check_field_rules(*message, field, field.options().GetExtension(validate::rules), schema,
                      Path::field(Path(), "f"),
                      [&out](const Path& path, const std::string& problem) {
                        out.push_back(path.text() + ": " + problem);
                      });
    return out;
  }
};

constexpr const char* kNumbers = "label: LABEL_REPEATED type: TYPE_UINT32";
constexpr const char* kMap = "label: LABEL_REPEATED type: TYPE_MESSAGE type_name: '.t.M.FEntry'";
constexpr const char* kAny =
    "label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: '.google.protobuf.Any'";
constexpr const char* kDuration =
    "label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: '.google.protobuf.Duration'";

TEST_F(FieldRules, CountsElements) {
  EXPECT_THAT(broken(kNumbers, "repeated {min_items: 2}", "f: 1"),
              ElementsAre("f: value must contain at least 2 items (has 1)"));
  EXPECT_THAT(broken(kNumbers, "repeated {max_items: 1}", "f: 1 f: 2"),
              ElementsAre("f: value must contain no more than 1 items (has 2)"));
  EXPECT_THAT(broken(kNumbers, "repeated {min_items: 2 ignore_empty: true}", ""), IsEmpty());
}

TEST_F(FieldRules, ChecksElementsAndTheirUniqueness) {
  EXPECT_THAT(broken(kNumbers, "repeated {items {uint32 {gt: 1}}}", "f: 1 f: 2 f: 0"),
              ElementsAre("f[0]: value must be greater than 1 (is 1)",
                          "f[2]: value must be greater than 1 (is 0)"));
  EXPECT_THAT(broken(kNumbers, "repeated {unique: true}", "f: 1 f: 2 f: 1"),
              ElementsAre("f[2]: repeated value must be unique"));
}

TEST_F(FieldRules, ChecksPairsKeysAndValues) {
  EXPECT_THAT(broken(kMap, "map {min_pairs: 1}", ""),
              ElementsAre("f: value must contain at least 1 pairs (has 0)"));
  EXPECT_THAT(broken(kMap, "map {max_pairs: 1}", "f {key: 'a'} f {key: 'b'}"),
              ElementsAre("f: value must contain no more than 1 pairs (has 2)"));
  EXPECT_THAT(broken(kMap, "map {keys {string {min_len: 2}}}", "f {key: 'a'}"),
              ElementsAre("f[\"a\"]: key: value length must be at least 2 characters (is 1)"));
  EXPECT_THAT(broken(kMap, "map {values {int32 {gt: 0}}}", "f {key: 'a' value: -1}"),
              ElementsAre("f[\"a\"]: value must be greater than 0 (is -1)"));
}

TEST_F(FieldRules, RequiresMessages) {
  EXPECT_THAT(broken(kAny, "any {required: true}", ""), ElementsAre("f: value is required"));
  EXPECT_THAT(broken(kDuration, "duration {required: true}", ""),
              ElementsAre("f: value is required"));
  EXPECT_THAT(broken(kDuration, "message {required: true}", ""),
              ElementsAre("f: value is required"));
  EXPECT_THAT(broken(kDuration, "duration {gt {seconds: 5}}", ""), IsEmpty());
  EXPECT_THAT(broken(kDuration, "duration {gt {seconds: 5}}", "f {}"),
              ElementsAre("f: value must be greater than 5s (is 0s)"));
}

TEST_F(FieldRules, LimitsTheTypesOfAny) {
  EXPECT_THAT(broken(kAny, "any {in: 'a/b'}", "f {type_url: 'a/c'}"),
              ElementsAre("f: type must be one of a/b"));
  EXPECT_THAT(broken(kAny, "any {not_in: 'a/b'}", "f {type_url: 'a/b'}"),
              ElementsAre("f: type must not be a/b"));
}

TEST_F(FieldRules, APlainFieldIsCheckedWhenEmptyAnOptionalOneIsNot) {
  EXPECT_THAT(broken("label: LABEL_OPTIONAL type: TYPE_UINT32", "uint32 {gt: 0}", ""),
              ElementsAre("f: value must be greater than 0 (is 0)"));
  EXPECT_THAT(broken("label: LABEL_OPTIONAL type: TYPE_BYTES", "bytes {min_len: 1}", ""),
              ElementsAre(HasSubstr("at least 1 bytes")));
}

}  // namespace
}  // namespace outrigger::xds
