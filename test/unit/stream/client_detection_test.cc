// What x-forwarded-for and fields of their own say of the client.
#include "proxy/stream/client_detection.h"

#include <string>

#include <gtest/gtest.h>

#include "test/unit/stream/messages.h"

namespace outrigger::stream::test {
namespace {

using config::ForwardedForDetection;
using config::HeaderDetection;

std::string found_text(const FoundClient& found) {
  return found.address ? std::string(found.address->ip_text()) : "none";
}

class ClientDetection : public ::testing::Test {
 protected:
  FoundClient find(const Fields& fields) {
    Head head(fields);
    return find_client(ways_, *net::Address::from_ip("192.0.2.1", 1000), *head);
  }
  ForwardedForDetection trusting(std::string_view ip, uint32_t bits) {
    ForwardedForDetection way;
    way.trusted.push_back(*net::Cidr::from_ip(ip, bits));
    return way;
  }
  std::vector<config::ClientDetection> ways_;
};

TEST_F(ClientDetection, CountsHopsFromTheRight) {
  EXPECT_EQ(found_text(last_forwarded("10.0.0.1, 10.0.0.2", 0)), "10.0.0.2");
  EXPECT_EQ(found_text(last_forwarded("10.0.0.1, 10.0.0.2", 1)), "10.0.0.1");
  EXPECT_EQ(found_text(last_forwarded("10.0.0.1, 10.0.0.2", 2)), "none");
  EXPECT_EQ(found_text(last_forwarded("10.0.0.1,", 0)), "none");
  EXPECT_EQ(found_text(last_forwarded("", 0)), "none");
  EXPECT_EQ(found_text(last_forwarded("", 7)), "none");
  EXPECT_TRUE(last_forwarded("10.0.0.1", 0).may_be_trusted);
  EXPECT_FALSE(last_forwarded("10.0.0.1, 10.0.0.2", 0).may_be_trusted);
  EXPECT_FALSE(last_forwarded("10.0.0.1, 10.0.0.2", 1).may_be_trusted);
}

TEST_F(ClientDetection, PassesTrustedProxiesFromTheRight) {
  ways_ = {trusting("192.0.2.0", 24)};
  EXPECT_EQ(found_text(find({{"x-forwarded-for", "8.8.8.8, 9.9.9.9, 192.0.2.7"}})), "9.9.9.9");
  EXPECT_EQ(found_text(find({{"x-forwarded-for", "192.0.2.8, 192.0.2.7"}})), "192.0.2.8");
  EXPECT_EQ(found_text(find({{"x-forwarded-for", "8.8.8.8, nobody, 192.0.2.7"}})), "none");
  EXPECT_EQ(found_text(find({{"x-forwarded-for", "8.8.8.8,, 192.0.2.7"}})), "8.8.8.8");
  EXPECT_EQ(found_text(find({})), "none");
  EXPECT_FALSE(find({{"x-forwarded-for", "8.8.8.8, 192.0.2.7"}}).may_be_trusted);
  EXPECT_TRUE(find({{"x-forwarded-for", "8.8.8.8"}}).may_be_trusted);
}

TEST_F(ClientDetection, BelievesNoPeerThatIsNotTrusted) {
  ways_ = {trusting("10.0.0.0", 8)};
  FoundClient found = find({{"x-forwarded-for", "8.8.8.8"}});
  EXPECT_EQ(found_text(found), "none");
  EXPECT_TRUE(found.append_peer);
}

TEST_F(ClientDetection, AppendsThePeerWhereThatIsAskedFor) {
  ForwardedForDetection way;
  ways_ = {way};
  EXPECT_FALSE(find({{"x-forwarded-for", "8.8.8.8"}}).append_peer);
  way.skip_append = false;
  ways_ = {way, HeaderDetection{"x-client", false, {}}};
  EXPECT_TRUE(find({{"x-forwarded-for", "8.8.8.8"}}).append_peer);
  EXPECT_TRUE(find({{"x-client", "8.8.8.8"}}).append_peer);
}

TEST_F(ClientDetection, TheFirstWayThatFindsAnAddressCounts) {
  ways_ = {HeaderDetection{"x-one", true, {}}, HeaderDetection{"x-two", false, {}}};
  FoundClient found = find({{"x-two", "8.8.8.8"}, {"x-one", "2001:db8::1"}});
  EXPECT_EQ(found_text(found), "2001:db8::1");
  EXPECT_TRUE(found.may_be_trusted);
  found = find({{"x-one", "8.8.8.8:80"}, {"x-two", "9.9.9.9"}});
  EXPECT_EQ(found_text(found), "9.9.9.9");
  EXPECT_FALSE(found.may_be_trusted);
}

TEST_F(ClientDetection, OneThatInsistsEndsTheSearch) {
  ways_ = {HeaderDetection{"x-one", true, 401}, HeaderDetection{"x-two", false, {}}};
  EXPECT_EQ(find({{"x-two", "8.8.8.8"}}).rejection, 401);
  EXPECT_EQ(find({{"x-one", "nobody"}}).rejection, 401);
  EXPECT_FALSE(find({{"x-one", "8.8.8.8"}}).rejection);
  ways_ = {HeaderDetection{"x-one", true, {}}};
  EXPECT_FALSE(find({}).rejection);
}

}  // namespace
}  // namespace outrigger::stream::test
