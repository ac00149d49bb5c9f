// The small parts: texts, deadlines, tokens, names.
#include "test/unit/xds_protocol/fixture.h"
#include "xds/protocol/answer.h"
#include "xds/protocol/deadlines.h"
#include "xds/protocol/nack.h"
#include "xds/protocol/token_bucket.h"

namespace outrigger::xds {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;

TEST(NackText, IsBoundedAndSaysEachOnce) {
  std::vector<RejectedResource> many;
  for (int i = 0; i < 1000; ++i) many.push_back({"c" + std::to_string(i), "no"});
  std::string text = nack_text("cluster(s)", many);
  EXPECT_LE(text.size(), kMaxNackText);
  EXPECT_THAT(text, HasSubstr("c0: no\nc1: no\n"));
  EXPECT_THAT(text, EndsWith("more"));
  EXPECT_EQ(nack_text("x", {{"a", "b"}, {"a", "b"}}), "Error adding/updating x a: b");
  EXPECT_EQ(nack_text("x", {}), "");
  std::string huge = nack_text("x", {{"a", std::string(100'000, 'y')}, {"b", "no"}});
  EXPECT_LE(huge.size(), kMaxNackText);
  EXPECT_THAT(huge, HasSubstr("b: no"));
}

TEST(NackText, IsUtf8) {
  EXPECT_EQ(as_utf8("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
            "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_EQ(as_utf8("\xff\xc0\x80\xed\xa0\x80\xe2\x82"), "????????");
  std::string cut = nack_text("x", {{"a", std::string(2000, '\xc3') + "\xa4"}});
  EXPECT_EQ(as_utf8(cut), cut);
}

TEST(Deadlines, HappenInOrderAndMayBeTakenBack) {
  FakeClock clock;
  Deadlines deadlines(clock);
  std::vector<int> seen;
  auto late = deadlines.after(30ms, [&] { seen.push_back(3); });
  auto early = deadlines.after(10ms, [&] { seen.push_back(1); });
  auto never = deadlines.after(20ms, [&] { seen.push_back(2); });
  clock.advance(5ms);
  never.cancel();
  auto& same = early;
  early = std::move(same);
  clock.advance(100ms);
  EXPECT_EQ(seen, (std::vector<int>{1, 3}));
  auto forever = deadlines.after(std::chrono::milliseconds::max(), [] {});
  clock.advance(1h);
}

TEST(Deadlines, MayEndEachOther) {
  FakeClock clock;
  Deadlines deadlines(clock);
  Deadlines::Handle second;
  int count = 0;
  auto first = deadlines.after(1ms, [&] { second.cancel(); });
  second = deadlines.after(1ms, [&] { ++count; });
  clock.advance(1s);
  EXPECT_EQ(count, 0);
}

TEST(TokenBucket, FillsUp) {
  Clock::Time now{};
  TokenBucket bucket(2, 4, now);
  EXPECT_TRUE(bucket.take(now));
  EXPECT_TRUE(bucket.take(now));
  EXPECT_FALSE(bucket.take(now));
  EXPECT_EQ(bucket.wait(), 250ms);
  EXPECT_TRUE(bucket.take(now + 250ms));
  EXPECT_FALSE(bucket.take(now + 250ms));
  EXPECT_TRUE(bucket.take(now + 1h));
}

TEST(Answer, FindsTheNameInTheBody) {
  EXPECT_EQ(*name_in_body(endpoints_named("x")), "x");
  google::protobuf::Any any;
  any.set_type_url("type.googleapis.com/of.Tomorrow");
  EXPECT_EQ(*name_in_body(any), "");
  any.set_value(
      "\x0a\x01"
      "a\x0a\x01"
      "b");
  EXPECT_EQ(*name_in_body(any), "b");
  any.set_value(
      "\x0a\x05"
      "a");
  EXPECT_FALSE(name_in_body(any).ok());
}

}  // namespace
}  // namespace outrigger::xds
