#include "proxy/admin/query.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "proxy/admin/origin_check.h"

namespace outrigger::admin {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

Params parse(std::string_view text, bool plus_is_space = false) {
  Params params;
  params.add(text, plus_is_space);
  return params;
}

TEST(Params, KeepTheirOrderAndAreDecoded) {
  EXPECT_THAT(
      parse("a=1&b&c=x%3Dy%26z&d=&=e").list(),
      ElementsAre(Pair("a", "1"), Pair("b", ""), Pair("c", "x=y&z"), Pair("d", ""), Pair("", "e")));
  EXPECT_THAT(parse("&&a=1&").list(), ElementsAre(Pair("a", "1")));
  EXPECT_TRUE(parse("").empty());
}

TEST(Params, TheFirstOfANameCounts) {
  Params params = parse("a=1&a=2");
  EXPECT_EQ(params.get("a"), "1");
  EXPECT_EQ(params.get("b"), std::nullopt);
  EXPECT_TRUE(params.has("a"));
}

// A regular expression in the query keeps its plus; a browser's form means a space by it.
TEST(Params, PlusIsASpaceOnlyInForms) {
  EXPECT_EQ(parse("filter=a+b").get("filter"), "a+b");
  EXPECT_EQ(parse("filter=a+b%2B", true).get("filter"), "a b+");
}

TEST(PercentDecode, LeavesWhatIsNotAnEscape) {
  EXPECT_EQ(percent_decode("100%", false), "100%");
  EXPECT_EQ(percent_decode("%4", false), "%4");
  EXPECT_EQ(percent_decode("%zz%41", false), "%zzA");
  EXPECT_EQ(percent_decode("%00", false), std::string(1, '\0'));
}

TEST(SameOrigin, IsTrueForThisServerAndForClientsWithoutABrowser) {
  EXPECT_TRUE(same_origin("", "127.0.0.1:15000"));
  EXPECT_TRUE(same_origin("http://localhost:15000", "localhost:15000"));
  EXPECT_TRUE(same_origin("http://LocalHost:15000", "localhost:15000"));
  EXPECT_FALSE(same_origin("http://evil.example", "localhost:15000"));
  EXPECT_FALSE(same_origin("http://localhost:8080", "localhost:15000"));
  EXPECT_FALSE(same_origin("null", "localhost:15000"));
}

}  // namespace
}  // namespace outrigger::admin
