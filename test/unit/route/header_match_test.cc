#include "proxy/route/header_match.h"

#include <gtest/gtest.h>

#include "test/unit/route/request.h"

namespace outrigger::route {
namespace {

using Kind = config::HeaderMatch::Kind;

config::HeaderMatch header(std::string name, Kind kind) {
  config::HeaderMatch match;
  match.name = std::move(name);
  match.kind = kind;
  return match;
}

config::HeaderMatch exact(std::string name, std::string value) {
  config::HeaderMatch match = header(std::move(name), Kind::string);
  match.string.text = std::move(value);
  return match;
}

config::HeaderMatch range(int64_t start, int64_t end) {
  config::HeaderMatch match = header("x", Kind::range);
  match.range_start = start;
  match.range_end = end;
  return match;
}

config::HeaderMatch inverted(config::HeaderMatch match) {
  match.invert = true;
  return match;
}

bool holds(const config::HeaderMatch& match, TestMessage::Fields fields) {
  TestMessage message(fields);
  return matches(match, message.headers, message.arena);
}

TEST(HeaderMatch, OneMatchingFieldIsEnough) {
  EXPECT_TRUE(holds(exact("x", "1"), {{"x", "0"}, {"x", "1"}}));
  EXPECT_FALSE(holds(inverted(exact("x", "1")), {{"x", "0"}, {"x", "1"}}));
  EXPECT_FALSE(holds(exact("x", "0,1"), {{"x", "0"}, {"x", "1"}}));
}

TEST(HeaderMatch, FieldsOfASingleValuedHeaderAreOneList) {
  EXPECT_TRUE(holds(exact("user-agent", "a,b"), {{"user-agent", "a"}, {"user-agent", "b"}}));
  EXPECT_FALSE(holds(exact("user-agent", "b"), {{"user-agent", "a"}, {"user-agent", "b"}}));
}

TEST(HeaderMatch, AMissingHeaderMatchesNoValueEvenInverted) {
  EXPECT_FALSE(holds(exact("x", ""), {}));
  EXPECT_FALSE(holds(inverted(exact("x", "1")), {}));
  EXPECT_TRUE(holds(inverted(exact("x", "1")), {{"x", "2"}}));
}

TEST(HeaderMatch, AMissingHeaderMayBeTreatedAsEmpty) {
  config::HeaderMatch match = exact("x", "");
  match.treat_missing_as_empty = true;
  EXPECT_TRUE(holds(match, {}));
  EXPECT_FALSE(holds(inverted(match), {}));
}

TEST(HeaderMatch, PresenceAndItsAbsence) {
  config::HeaderMatch present = header("x", Kind::present);
  EXPECT_TRUE(holds(present, {{"x", ""}}));
  EXPECT_FALSE(holds(present, {}));
  EXPECT_TRUE(holds(inverted(present), {}));
  EXPECT_FALSE(holds(inverted(present), {{"x", "1"}}));
  config::HeaderMatch absent = present;
  absent.expect_present = false;
  EXPECT_TRUE(holds(absent, {}));
  EXPECT_FALSE(holds(absent, {{"x", "1"}}));
  EXPECT_FALSE(holds(inverted(absent), {}));
}

TEST(HeaderMatch, RangeIsHalfOpenAndWantsAWholeNumber) {
  EXPECT_TRUE(holds(range(-5, 10), {{"x", "-5"}}));
  EXPECT_TRUE(holds(range(-5, 10), {{"x", "+9"}}));
  EXPECT_FALSE(holds(range(-5, 10), {{"x", "10"}}));
  EXPECT_FALSE(holds(range(-5, 10), {{"x", "3x"}}));
  EXPECT_FALSE(holds(range(-5, 10), {{"x", ""}}));
  EXPECT_FALSE(holds(range(-5, 10), {{"x", "99999999999999999999"}}));
}

TEST(HeaderMatch, AllAndAny) {
  TestMessage message{{"a", "1"}, {"b", "2"}};
  std::vector<config::HeaderMatch> both = {exact("a", "1"), exact("b", "2")};
  std::vector<config::HeaderMatch> one = {exact("a", "9"), exact("b", "2")};
  EXPECT_TRUE(matches_all(both, message.headers, message.arena));
  EXPECT_FALSE(matches_all(one, message.headers, message.arena));
  EXPECT_TRUE(matches_any(one, message.headers, message.arena));
  EXPECT_TRUE(matches_all({}, message.headers, message.arena));
  EXPECT_FALSE(matches_any({}, message.headers, message.arena));
}

}  // namespace
}  // namespace outrigger::route
