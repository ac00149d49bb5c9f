#include "proxy/observe/access_log_filter.h"

#include <gtest/gtest.h>

#include "test/unit/observe/log_fixture.h"

namespace outrigger::observe {
namespace {

using config::AccessLogFilter;
using Kind = AccessLogFilter::Kind;
using Compare = AccessLogFilter::Compare;

class AccessLogFilterTest : public testing::Test, public LogFixture {
 protected:
  bool passes_for(const AccessLogFilter& filter) { return passes(filter, context()); }
  AccessLogFilter number(Kind kind, Compare compare, uint64_t value) {
    AccessLogFilter filter;
    filter.kind = kind;
    filter.compare = compare;
    filter.value = value;
    return filter;
  }
  AccessLogFilter header(config::HeaderMatch match) {
    AccessLogFilter filter;
    filter.kind = Kind::header;
    filter.header = std::move(match);
    return filter;
  }
};

TEST_F(AccessLogFilterTest, ComparesStatusAndDuration) {
  EXPECT_TRUE(passes_for(number(Kind::status_code, Compare::equal, 204)));
  EXPECT_FALSE(passes_for(number(Kind::status_code, Compare::greater_equal, 400)));
  EXPECT_TRUE(passes_for(number(Kind::status_code, Compare::not_equal, 200)));
  EXPECT_TRUE(passes_for(number(Kind::duration, Compare::greater_equal, 226)));
  EXPECT_FALSE(passes_for(number(Kind::duration, Compare::less_equal, 225)));
  info.response_code.reset();
  EXPECT_TRUE(passes_for(number(Kind::status_code, Compare::equal, 0)));
}

TEST_F(AccessLogFilterTest, LeavesHealthChecksOut) {
  AccessLogFilter filter;
  EXPECT_TRUE(passes_for(filter));
  info.health_check = true;
  EXPECT_FALSE(passes_for(filter));
}

TEST_F(AccessLogFilterTest, LooksForResponseFlags) {
  AccessLogFilter any;
  any.kind = Kind::response_flag;
  AccessLogFilter no_route = any;
  no_route.flags.set(ResponseFlag::no_route_found);
  EXPECT_FALSE(passes_for(any));
  info.flags.set(ResponseFlag::upstream_overflow);
  EXPECT_TRUE(passes_for(any));
  EXPECT_FALSE(passes_for(no_route));
  info.flags.set(ResponseFlag::no_route_found);
  EXPECT_TRUE(passes_for(no_route));
}

TEST_F(AccessLogFilterTest, MatchesRequestHeaders) {
  config::HeaderMatch present;
  present.name = "x-debug";
  EXPECT_FALSE(passes_for(header(present)));
  present.invert = true;
  EXPECT_TRUE(passes_for(header(present)));

  config::HeaderMatch exact;
  exact.kind = config::HeaderMatch::Kind::string;
  exact.name = "x-debug";
  exact.string.text = "a,b";
  EXPECT_FALSE(passes_for(header(exact)));
  exact.invert = true;
  EXPECT_FALSE(passes_for(header(exact)));  // nothing to compare with
  exact.invert = false;
  request.add("x-debug", "a");
  request.add("x-debug", "b");
  EXPECT_FALSE(passes_for(header(exact)));  // each field for itself, as in routes
  exact.string.text = "b";
  EXPECT_TRUE(passes_for(header(exact)));

  config::HeaderMatch range;
  range.kind = config::HeaderMatch::Kind::range;
  range.name = "x-number";
  range.range_start = -5;
  range.range_end = 10;
  request.add("x-number", "-5");
  EXPECT_TRUE(passes_for(header(range)));
  request.set("x-number", "10");
  EXPECT_FALSE(passes_for(header(range)));
  request.set("x-number", "7x");
  EXPECT_FALSE(passes_for(header(range)));
}

TEST_F(AccessLogFilterTest, CombinesFilters) {
  AccessLogFilter yes = number(Kind::status_code, Compare::equal, 204);
  AccessLogFilter no = number(Kind::status_code, Compare::equal, 500);
  AccessLogFilter both;
  both.kind = Kind::all_of;
  both.children = {yes, no};
  AccessLogFilter either = both;
  either.kind = Kind::any_of;
  EXPECT_FALSE(passes_for(both));
  EXPECT_TRUE(passes_for(either));
  either.children = {no, both};
  EXPECT_FALSE(passes_for(either));
}

}  // namespace
}  // namespace outrigger::observe
