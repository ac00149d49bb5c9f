#include "api/net/address.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

#include <gtest/gtest.h>

namespace outrigger::net {
namespace {

// getsockopt(SO_ORIGINAL_DST) fills an address of 16 octets and leaves the length at the room's.
TEST(Address, TakesALengthThatNamesTheRoomAndNotTheAddress) {
  auto expected = Address::from_ip("10.1.2.3", 80);
  ASSERT_TRUE(expected);
  sockaddr_storage room{};
  std::memcpy(&room, expected->data(), expected->length());
  Address found = Address::from_sockaddr(reinterpret_cast<const sockaddr*>(&room), sizeof room);
  EXPECT_EQ(found, *expected);
  EXPECT_EQ(found.length(), sizeof(sockaddr_in));
  EXPECT_EQ(found.text(), "10.1.2.3:80");
}

TEST(Address, IsNotValidWhenItIsCutShort) {
  auto whole = Address::from_ip("fd00::1", 443);
  ASSERT_TRUE(whole);
  EXPECT_FALSE(Address::from_sockaddr(whole->data(), sizeof(sockaddr_in)).valid());
  EXPECT_FALSE(Address::from_sockaddr(whole->data(), 1).valid());
}

TEST(Address, KeepsALongNameWhole) {
  std::string path = "/" + std::string(100, 'x');
  auto unix_address = Address::from_unix_path(path);
  ASSERT_TRUE(unix_address);
  Address copy = *unix_address;
  EXPECT_EQ(copy.ip_text(), path);
  EXPECT_EQ(copy, *unix_address);
}

}  // namespace
}  // namespace outrigger::net
