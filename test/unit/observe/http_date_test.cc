#include "proxy/observe/http_date.h"

#include <gtest/gtest.h>

namespace outrigger::observe {
namespace {

SystemTime at(int64_t ms) {
  return SystemTime(std::chrono::milliseconds(ms));
}

TEST(HttpDate, WritesImfFixdate) {
  HttpDate date;
  EXPECT_EQ(date.at(at(784111777'000)), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(date.at(at(784111777'999)), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(date.at(at(784111778'000)), "Sun, 06 Nov 1994 08:49:38 GMT");
  EXPECT_EQ(date.at(at(1'709'210'096'000)), "Thu, 29 Feb 2024 12:34:56 GMT");
}

TEST(HttpDate, FollowsAClockThatIsSetBack) {
  HttpDate date;
  date.at(at(784111777'000));
  EXPECT_EQ(date.at(at(0)), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(date.at(at(-1)), "Wed, 31 Dec 1969 23:59:59 GMT");
}

}  // namespace
}  // namespace outrigger::observe
