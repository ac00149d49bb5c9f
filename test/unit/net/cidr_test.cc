#include "api/net/cidr.h"

#include <gtest/gtest.h>

namespace outrigger::net {
namespace {

bool in(std::string_view range, uint32_t bits, std::string_view ip) {
  return Cidr::from_ip(range, bits).value().contains(Address::from_ip(ip, 80).value());
}

TEST(Cidr, ComparesThePrefixOnly) {
  EXPECT_TRUE(in("10.0.0.0", 8, "10.255.1.2"));
  EXPECT_FALSE(in("10.0.0.0", 8, "11.0.0.0"));
  EXPECT_TRUE(in("172.16.0.0", 12, "172.31.255.255"));
  EXPECT_FALSE(in("172.16.0.0", 12, "172.32.0.0"));
  EXPECT_TRUE(in("2001:db8::", 33, "2001:db8:7fff::1"));
  EXPECT_FALSE(in("2001:db8::", 33, "2001:db8:8000::1"));
}

TEST(Cidr, IgnoresBitsOfTheRangeBehindThePrefix) {
  EXPECT_TRUE(in("10.1.2.3", 8, "10.9.9.9"));
}

TEST(Cidr, TakesAllOfAFamilyWithoutPrefixAndOneAddressWithAFullOne) {
  EXPECT_TRUE(in("0.0.0.0", 0, "203.0.113.7"));
  EXPECT_TRUE(in("203.0.113.7", 32, "203.0.113.7"));
  EXPECT_TRUE(in("203.0.113.7", 128, "203.0.113.7"));
  EXPECT_FALSE(in("203.0.113.7", 32, "203.0.113.6"));
}

TEST(Cidr, KeepsFamiliesApart) {
  EXPECT_FALSE(in("0.0.0.0", 0, "::ffff:10.0.0.1"));
  EXPECT_FALSE(in("::", 0, "10.0.0.1"));
  EXPECT_FALSE(Cidr::from_ip("0.0.0.0", 0)->contains(*Address::from_unix_path("/run/x")));
  EXPECT_FALSE(Cidr().contains(*Address::from_ip("10.0.0.1", 0)));
}

TEST(Cidr, RefusesWhatIsNoAddress) {
  EXPECT_FALSE(Cidr::from_ip("example.com", 8));
  EXPECT_FALSE(Cidr::from_ip("", 0));
}

}  // namespace
}  // namespace outrigger::net
