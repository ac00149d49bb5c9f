#include "proxy/route/query.h"

#include <gtest/gtest.h>

namespace outrigger::route {
namespace {

TEST(Query, FindsTheFirstValueOfAName) {
  EXPECT_EQ(query_value("/p?a=1&k=v&k=w", "k"), "v");
  EXPECT_EQ(query_value("/p?k", "k"), "");
  EXPECT_EQ(query_value("/p?k=", "k"), "");
  EXPECT_EQ(query_value("/p?k=v=w", "k"), "v=w");
  EXPECT_EQ(query_value("/p?&&k=v&", "k"), "v");
  EXPECT_EQ(query_value("/p?kk=v", "k"), std::nullopt);
  EXPECT_EQ(query_value("/p?K=v", "k"), std::nullopt);
  EXPECT_EQ(query_value("/p", "k"), std::nullopt);
  EXPECT_EQ(query_value("/p?", "k"), std::nullopt);
}

TEST(Query, ComparesWhatIsOnTheWire) {
  config::QueryMatch match;
  match.name = "k";
  match.string.emplace();
  match.string->text = "a%20b";
  EXPECT_TRUE(matches(match, "/?k=a%20b"));
  EXPECT_FALSE(matches(match, "/?%6b=a%20b"));
  match.string->text = "a b";
  EXPECT_FALSE(matches(match, "/?k=a%20b"));
}

TEST(Query, PresenceCanBeWantedOrUnwanted) {
  config::QueryMatch match;
  match.name = "k";
  EXPECT_TRUE(matches(match, "/?k"));
  EXPECT_FALSE(matches(match, "/"));
  match.expect_present = false;
  EXPECT_FALSE(matches(match, "/?k"));
  EXPECT_TRUE(matches(match, "/"));
}

}  // namespace
}  // namespace outrigger::route
