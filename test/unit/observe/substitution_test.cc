#include "proxy/observe/substitution.h"

#include <gtest/gtest.h>

#include "proxy/observe/json_escape.h"
#include "test/unit/observe/log_fixture.h"

namespace outrigger::observe {
namespace {

using config::JsonFormat;
using config::LogFormat;

class SubstitutionTest : public testing::Test, public LogFixture {};

TEST_F(SubstitutionTest, WritesEnvoysDefaultLine) {
  EXPECT_EQ(
      text(default_text_format()),
      "[2016-04-15T20:17:00.310Z] \"POST /api/v1/locations?city=New%20York&zip=1 HTTP/2\" 204 "
      "- 154 0 226 100 \"10.0.35.28\" \"nsq2http\" \"cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2\" "
      "\"locations\" \"10.0.2.1:80\"\n");
}

TEST_F(SubstitutionTest, WritesADashForWhatIsAbsent) {
  config::SubstitutionFormat format = {literal("["), command(LogField::request_header, "nope"),
                                       literal("] ["), command(LogField::response_flags),
                                       literal("]")};
  EXPECT_EQ(text(format), "[-] [-]");
  // No flags are a dash of their own.
  EXPECT_EQ(text(format, true), "[] [-]");
}

TEST_F(SubstitutionTest, TakesTheAlternativeHeaderWhereTheFirstIsAbsent) {
  LogCommand path = command(LogField::request_header, "x-envoy-original-path", ":path");
  EXPECT_EQ(text(path), "/api/v1/locations?city=New%20York&zip=1");
  request.add(http::HeaderId::x_envoy_original_path, "/before");
  EXPECT_EQ(text(path), "/before");
}

TEST_F(SubstitutionTest, CutsAtTheMaximumLength) {
  LogCommand agent = command(LogField::request_header, "user-agent");
  agent.max_length = 3;
  EXPECT_EQ(text(agent), "nsq");
  agent.max_length = 0;
  EXPECT_EQ(text(agent), "");
  agent.max_length = 100;
  EXPECT_EQ(text(agent), "nsq2http");
}

TEST_F(SubstitutionTest, KeepsALineALineWhateverTheClientSent) {
  request.add("x-evil", std::string_view("a\r\nb\0c\x7f\x1b[31m\td\"e\\ \xff", 19));
  EXPECT_EQ(text(command(LogField::request_header, "x-evil")),
            "a\\x0d\\x0ab\\x00c\\x7f\\x1b[31m\td\"e\\ \xff");
}

LogFormat json(JsonFormat::Object object, bool omit_empty = false) {
  LogFormat format;
  format.format = JsonFormat{std::move(object)};
  format.omit_empty_values = omit_empty;
  return format;
}
JsonFormat leaf(config::SubstitutionFormat commands) {
  return {std::move(commands)};
}

TEST_F(SubstitutionTest, JsonKeepsTypes) {
  EXPECT_EQ(
      line(json(
          {{"code", leaf({command(LogField::response_code)})},
           {"host", leaf({command(LogField::upstream_host)})},
           {"none", leaf({command(LogField::request_header, "nope")})},
           {"mix", leaf({literal("a "), command(LogField::request_header, "nope"), literal(" "),
                         command(LogField::duration)})},
           {"plain", leaf({literal("text")})},
           {"empty", leaf({})},
           {"const", {JsonFormat::Constant{"true"}}},
           {"list",
            {JsonFormat::List{leaf({command(LogField::protocol)}), {JsonFormat::Constant{"1.5"}}}}},
           {"object", {JsonFormat::Object{{"k", leaf({command(LogField::bytes_received)})}}}}})),
      R"({"code":204,"host":"10.0.2.1:80","none":null,"mix":"a - 226","plain":"text",)"
      R"("empty":"","const":true,"list":["HTTP/2",1.5],"object":{"k":154}})"
      "\n");
}

TEST_F(SubstitutionTest, JsonOmitsEmptyValues) {
  JsonFormat none = leaf({command(LogField::request_header, "nope")});
  EXPECT_EQ(
      line(json(
          {{"gone", none},
           {"null", {JsonFormat::Constant{"null"}}},
           {"object", {JsonFormat::Object{{"k", none}}}},
           {"list", {JsonFormat::List{none, leaf({literal("a")})}}},
           {"bare", {JsonFormat::List{none}}},
           {"mix", leaf({literal("a "), command(LogField::request_header, "nope"), literal(" b")})},
           {"d", leaf({command(LogField::duration)})}},
          true)),
      R"({"list":["a"],"bare":[],"mix":"a  b","d":226})"
      "\n");
  EXPECT_EQ(line(json({{"gone", none}}, true)), "{}\n");
}

TEST_F(SubstitutionTest, JsonEscapesAsEnvoyDoes) {
  LogFormat format = json({{"we\"ird\n", leaf({command(LogField::request_header, "x")})}});
  request.add("x", "tab\th\xc3\xa9llo \"q\" \\ <>&");
  EXPECT_EQ(line(format), R"({"we\"ird\n":"tab\th)"
                          "\xc3\xa9"
                          R"(llo \"q\" \\ <>&"})"
                          "\n");
  // Octets that are no UTF-8 are written one by one, and the controls beside them in the same form.
  request.set("x", "tab\there \x80\xff \xc3\xa9 <>&");
  EXPECT_EQ(line(format), R"({"we\"ird\n":"tab\u0009here \u0080\u00ff \u00c3\u00a9 <>&"})"
                          "\n");
  request.set("x", "a\r\nb");
  EXPECT_EQ(line(format), R"({"we\"ird\n":"a\r\nb"})"
                          "\n");
}

TEST_F(SubstitutionTest, ReportsWhatDoesNotFit) {
  char small[16];
  LineBuffer buffer(small, sizeof small);
  evaluate(default_text_format(), false, context(), scratch, buffer);
  EXPECT_TRUE(buffer.overflowed());
  EXPECT_LE(buffer.size(), sizeof small);
}

TEST_F(SubstitutionTest, GivesALiteralHeaderValueWithoutACopy) {
  config::SubstitutionFormat format = {literal("value")};
  EXPECT_EQ(evaluate_to_arena(format, context(), arena).data(), format.front().text.data());
  EXPECT_EQ(evaluate_to_arena(config::SubstitutionFormat{}, context(), arena), "");
}

TEST_F(SubstitutionTest, LeavesAbsentPartsOfHeaderValuesOut) {
  EXPECT_EQ(evaluate_to_arena({literal("id="), command(LogField::request_header, "nope")},
                              context(), arena),
            "id=");
}

TEST_F(SubstitutionTest, GrowsForLongHeaderValuesAndCutsVeryLongOnes) {
  std::string long_value(20'000, 'x'), huge(100'000, 'y');
  request.add("long", long_value);
  request.add("huge", huge);
  EXPECT_EQ(evaluate_to_arena({command(LogField::request_header, "long")}, context(), arena),
            long_value);
  EXPECT_LE(
      evaluate_to_arena({literal("a"), command(LogField::request_header, "huge")}, context(), arena)
          .size(),
      64u * 1024);
}

TEST_F(SubstitutionTest, MakesLocalReplyBodies) {
  LogFormat format = json({{"status", leaf({command(LogField::response_code)})},
                           {"message", leaf({command(LogField::local_reply_body)})}});
  LogContext c = context();
  c.local_reply_body = "no healthy \"upstream\"";
  EXPECT_EQ(evaluate_to_arena(format, c, arena),
            R"({"status":204,"message":"no healthy \"upstream\""})"
            "\n");
}

TEST(JsonEscape, KnowsWellFormedUtf8) {
  EXPECT_TRUE(is_valid_utf8(""));
  EXPECT_TRUE(is_valid_utf8("ascii \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"));
  EXPECT_FALSE(is_valid_utf8("\xc3"));              // cut
  EXPECT_FALSE(is_valid_utf8("\xc0\xaf"));          // overlong
  EXPECT_FALSE(is_valid_utf8("\xe0\x80\xaf"));      // overlong
  EXPECT_FALSE(is_valid_utf8("\xed\xa0\x80"));      // surrogate
  EXPECT_FALSE(is_valid_utf8("\xf4\x90\x80\x80"));  // above U+10FFFF
  EXPECT_FALSE(is_valid_utf8("\xf5\x80\x80\x80"));
  EXPECT_FALSE(is_valid_utf8("\x80"));
}

}  // namespace
}  // namespace outrigger::observe
