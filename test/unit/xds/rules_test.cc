#include "xds/rules.h"

#include <string>

#include "google/protobuf/text_format.h"
#include "google/protobuf/util/time_util.h"
#include <gtest/gtest.h>

#include "envoy/config/cluster/v3/cluster.pb.h"

namespace outrigger::xds {
namespace {

using google::protobuf::util::TimeUtil;

validate::FieldRules rules(const std::string& text) {
  validate::FieldRules out;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &out)) << text;
  return out;
}

std::string told(const Broken& broken) {
  return broken.value_or("fine");
}

std::string u32(const std::string& text, uint32_t value) {
  return told(check_uint32(rules("uint32 {" + text + "}"), value));
}

std::string str(const std::string& text, const std::string& value) {
  Schema schema;
  return told(check_string(rules("string {" + text + "}").string(), value, schema));
}

TEST(NumberRules, Bounds) {
  EXPECT_EQ(u32("gt: 3", 4), "fine");
  EXPECT_EQ(u32("gt: 3", 3), "value must be greater than 3 (is 3)");
  EXPECT_EQ(u32("gte: 3", 3), "fine");
  EXPECT_EQ(u32("gte: 3", 2), "value must be greater than or equal to 3 (is 2)");
  EXPECT_EQ(u32("lt: 3", 3), "value must be less than 3 (is 3)");
  EXPECT_EQ(u32("lte: 3", 4), "value must be less than or equal to 3 (is 4)");
  EXPECT_EQ(u32("gt: 1 lt: 5", 5), "value must be greater than 1 and less than 5 (is 5)");
  EXPECT_EQ(u32("gt: 1 lt: 5", 3), "fine");
}

TEST(NumberRules, ALowerBoundAboveTheUpperOneMeansOutside) {
  EXPECT_EQ(u32("gt: 5 lt: 1", 0), "fine");
  EXPECT_EQ(u32("gt: 5 lt: 1", 6), "fine");
  EXPECT_EQ(u32("gt: 5 lt: 1", 3), "value must be greater than 5 or less than 1 (is 3)");
}

TEST(NumberRules, ConstantsListsAndEmptiness) {
  EXPECT_EQ(u32("const: 3", 3), "fine");
  EXPECT_EQ(u32("const: 3", 4), "value must equal 3 (is 4)");
  EXPECT_EQ(u32("in: 1 in: 2", 3), "value must be one of 1, 2 (is 3)");
  EXPECT_EQ(u32("not_in: 1 not_in: 2", 2), "value must not be one of 1, 2 (is 2)");
  EXPECT_EQ(u32("gt: 3 ignore_empty: true", 0), "fine");
}

TEST(NumberRules, EveryWidthAndEncoding) {
  EXPECT_EQ(told(check_int32(rules("int32 {gt: 0}"), -1)), "value must be greater than 0 (is -1)");
  EXPECT_EQ(told(check_int32(rules("sint32 {gt: 0}"), -1)), "value must be greater than 0 (is -1)");
  EXPECT_EQ(told(check_int32(rules("sfixed32 {gt: 0}"), -1)),
            "value must be greater than 0 (is -1)");
  EXPECT_EQ(told(check_int64(rules("int64 {lt: 0}"), 1)), "value must be less than 0 (is 1)");
  EXPECT_EQ(told(check_int64(rules("sint64 {lt: 0}"), 1)), "value must be less than 0 (is 1)");
  EXPECT_EQ(told(check_int64(rules("sfixed64 {lt: 0}"), 1)), "value must be less than 0 (is 1)");
  EXPECT_EQ(told(check_uint32(rules("fixed32 {gt: 1}"), 1)), "value must be greater than 1 (is 1)");
  EXPECT_EQ(told(check_uint64(rules("uint64 {gt: 1}"), 1)), "value must be greater than 1 (is 1)");
  EXPECT_EQ(told(check_uint64(rules("fixed64 {gt: 1}"), 1)), "value must be greater than 1 (is 1)");
  EXPECT_EQ(told(check_double(rules("double {gt: 0.5}").double_(), 0.25)),
            "value must be greater than 0.5 (is 0.25)");
  EXPECT_EQ(told(check_float(rules("float {lte: 0.5}").float_(), 1)),
            "value must be less than or equal to 0.5 (is 1)");
  EXPECT_EQ(told(check_uint32(rules("message {required: true}"), 1)), "fine");
}

TEST(BoolRules, Const) {
  EXPECT_EQ(told(check_bool(rules("bool {const: true}").bool_(), false)), "value must equal true");
  EXPECT_EQ(told(check_bool(rules("bool {const: true}").bool_(), true)), "fine");
}

TEST(EnumRules, DefinedListsAndConst) {
  const auto& type = *envoy::config::cluster::v3::Cluster::LbPolicy_descriptor();
  auto check = [&type](const std::string& text, int value) {
    return told(check_enum(rules("enum {" + text + "}").enum_(), value, type));
  };
  EXPECT_EQ(check("defined_only: true", 1), "fine");
  EXPECT_EQ(check("defined_only: true", 77),
            "value must be one of the defined enum values (is 77)");
  EXPECT_EQ(check("in: 0 in: 1", 3), "value must be one of ROUND_ROBIN, LEAST_REQUEST (is RANDOM)");
  EXPECT_EQ(check("not_in: 3", 3), "value must not be one of RANDOM (is RANDOM)");
  EXPECT_EQ(check("const: 1", 3), "value must equal LEAST_REQUEST (is RANDOM)");
}

TEST(StringRules, Lengths) {
  EXPECT_EQ(str("min_len: 1", ""), "value length must be at least 1 characters (is 0)");
  EXPECT_EQ(str("max_len: 2", "äöü"), "value length must be at most 2 characters (is 3)");
  EXPECT_EQ(str("max_len: 3", "äöü"), "fine");
  EXPECT_EQ(str("max_bytes: 3", "äöü"), "value length must be at most 3 bytes (is 6)");
  EXPECT_EQ(str("min_bytes: 2", "a"), "value length must be at least 2 bytes (is 1)");
  EXPECT_EQ(str("len: 2", "abc"), "value length must be 2 characters (is 3)");
  EXPECT_EQ(str("len_bytes: 2", "ä"), "fine");
  EXPECT_EQ(str("min_len: 3 ignore_empty: true", ""), "fine");
}

TEST(StringRules, Content) {
  EXPECT_EQ(str("const: 'a'", "b"), "value must equal 'a' (is 'b')");
  EXPECT_EQ(str("prefix: 'a'", "ba"), "value must have the prefix 'a'");
  EXPECT_EQ(str("suffix: 'a'", "ab"), "value must have the suffix 'a'");
  EXPECT_EQ(str("contains: 'x'", "ab"), "value must contain 'x'");
  EXPECT_EQ(str("not_contains: 'b'", "ab"), "value must not contain 'b'");
  EXPECT_EQ(str("in: 'a' in: 'b'", "c"), "value must be one of a, b (is 'c')");
  EXPECT_EQ(str("not_in: 'c'", "c"), "value must not be one of c");
  EXPECT_EQ(str("pattern: '^[a-z]+$'", "abc"), "fine");
  EXPECT_EQ(str("pattern: '^[a-z]+$'", "aBc"),
            "value must match the pattern '^[a-z]+$' (is 'aBc')");
}

struct WellKnown {
  const char* rule;
  std::vector<const char*> good;
  std::vector<const char*> bad;
};

TEST(StringRules, WellKnownForms) {
  std::string label(63, 'a');
  std::string too_long = label + "a";
  const WellKnown kForms[] = {
      {"email: true", {"a@b.c", "x.y+z@example.com"}, {"", "@b", "a@", "a@b@", "a b@c", "ab"}},
      {"hostname: true",
       {"a", "a.b-c.de", "a.b.", label.c_str()},
       {"", ".", "-a", "a-", "a..b", "a_b", too_long.c_str()}},
      {"ip: true", {"1.2.3.4", "::1"}, {"", "1.2.3", "a", "1.2.3.4 "}},
      {"ipv4: true", {"1.2.3.4"}, {"::1", "256.1.1.1"}},
      {"ipv6: true", {"::1", "fe80::1"}, {"1.2.3.4", ":::"}},
      {"uri: true", {"http://a/b?c#d", "urn:x"}, {"", "/a", "1a:b", "http://a b", "x:%zz"}},
      {"uri_ref: true", {"/a/b?c", "", "x%20y"}, {"a b", "%2"}},
      {"address: true", {"1.2.3.4", "a.b"}, {"", "a_b"}},
      {"uuid: true",
       {"01234567-89ab-cdef-0123-456789abcdef"},
       {"", "01234567-89ab-cdef-0123-456789abcdeg", "0123456789abcdef"}},
      {"well_known_regex: HTTP_HEADER_NAME", {"x-a", ":path"}, {"", ":", "a b", "a:", "a\n"}},
      {"well_known_regex: HTTP_HEADER_NAME strict: false", {"x a", ""}, {"a\n", "a\r"}},
      {"well_known_regex: HTTP_HEADER_VALUE", {"", "a b\tc", "ä"}, {"a\n", "\x7f", "\x01"}},
      {"well_known_regex: HTTP_HEADER_VALUE strict: false", {"\x01"}, {"a\n"}},
  };
  for (const WellKnown& form : kForms) {
    for (const char* good : form.good)
      EXPECT_EQ(str(form.rule, good), "fine") << form.rule << ": " << good;
    for (const char* bad : form.bad)
      EXPECT_NE(str(form.rule, bad), "fine") << form.rule << ": " << bad;
  }
  EXPECT_EQ(str("ip: true", "x"), "value must be a valid IP address (is 'x')");
}

TEST(BytesRules, LengthsContentAndAddresses) {
  Schema schema;
  auto check = [&schema](const std::string& text, const std::string& value) {
    return told(check_bytes(rules("bytes {" + text + "}").bytes(), value, schema));
  };
  EXPECT_EQ(check("max_len: 2", "abc"), "value length must be at most 2 bytes (is 3)");
  EXPECT_EQ(check("prefix: 'a'", "b"), "value must have the prefix 'a'");
  EXPECT_EQ(check("pattern: '^a'", "b"), "value must match the pattern '^a' (is 'b')");
  EXPECT_EQ(check("ip: true", "1234"), "fine");
  EXPECT_EQ(check("ip: true", "123"), "value must be an IP address of 4 or 16 bytes");
  EXPECT_EQ(check("ipv4: true", "1234567890123456"), "value must be an IPv4 address of 4 bytes");
  EXPECT_EQ(check("ipv6: true", "1234"), "value must be an IPv6 address of 16 bytes");
}

TEST(DurationRules, BoundsAndLists) {
  auto check = [](const std::string& text, int64_t millis) {
    return told(check_duration(rules("duration {" + text + "}").duration(),
                               TimeUtil::MillisecondsToDuration(millis)));
  };
  EXPECT_EQ(check("gt {}", -1000), "value must be greater than 0s (is -1s)");
  EXPECT_EQ(check("gt {}", 1), "fine");
  EXPECT_EQ(check("gte {nanos: 1000000} lt {seconds: 300}", 300000),
            "value must be greater than or equal to 0.001s and less than 300s (is 300s)");
  EXPECT_EQ(check("const {seconds: 1}", 2000), "value must equal 1s (is 2s)");
  EXPECT_EQ(check("in {seconds: 1} in {seconds: 2}", 3000), "value must be one of 1s, 2s (is 3s)");
  EXPECT_EQ(check("not_in {seconds: 1}", 1000), "value must not be one of 1s (is 1s)");
}

TEST(TimestampRules, BoundsAndNow) {
  auto check = [](const std::string& text, const google::protobuf::Timestamp& value) {
    return told(check_timestamp(rules("timestamp {" + text + "}").timestamp(), value));
  };
  auto past = TimeUtil::SecondsToTimestamp(1'000'000'000);
  auto future = TimeUtil::SecondsToTimestamp(32'000'000'000);
  EXPECT_EQ(check("gt {seconds: 5}", TimeUtil::SecondsToTimestamp(5)),
            "value must be greater than 1970-01-01T00:00:05Z (is 1970-01-01T00:00:05Z)");
  EXPECT_EQ(check("lt_now: true", past), "fine");
  EXPECT_NE(check("lt_now: true", future), "fine");
  EXPECT_EQ(check("gt_now: true", future), "fine");
  EXPECT_NE(check("gt_now: true", past), "fine");
  EXPECT_NE(check("within {seconds: 60}", past), "fine");
  EXPECT_EQ(check("within {seconds: 60}", TimeUtil::GetCurrentTime()), "fine");
}

}  // namespace
}  // namespace outrigger::xds
