// What clients may name as a host, and what it is called then.
#include <string>

#include <gtest/gtest.h>

#include "api/dns_cache.h"

namespace outrigger {
namespace {

std::string key_of(std::string_view authority, uint16_t port = 80) {
  auto key = DnsHostKey::parse(authority, port);
  return key ? std::string(key->text()) : "none";
}

TEST(DnsHostKey, HasAlwaysAPort) {
  EXPECT_EQ(key_of("a.example"), "a.example:80");
  EXPECT_EQ(key_of("a.example", 443), "a.example:443");
  EXPECT_EQ(key_of("a.example:8080", 443), "a.example:8080");
  EXPECT_EQ(key_of("a.example:65535"), "a.example:65535");
  EXPECT_EQ(DnsHostKey::parse("a.example:8080", 80)->port(), 8080);
  EXPECT_EQ(DnsHostKey::parse("a.example:8080", 80)->name(), "a.example");
}

TEST(DnsHostKey, CaseMakesNoDifference) {
  EXPECT_EQ(key_of("A.Example"), key_of("a.eXAMPLE"));
  EXPECT_EQ(key_of("[FC00::A]"), "[fc00::a]:80");
}

TEST(DnsHostKey, Addresses) {
  EXPECT_EQ(key_of("10.0.0.1"), "10.0.0.1:80");
  EXPECT_EQ(key_of("[::1]"), "[::1]:80");
  EXPECT_EQ(key_of("[::1]:90"), "[::1]:90");
  EXPECT_EQ(key_of("fc00::1", 443), "[fc00::1]:443");
  EXPECT_EQ(DnsHostKey::parse("[::1]:90", 80)->name(), "::1");
}

TEST(DnsHostKey, WhatIsNoHostIsRefused) {
  for (const char* text : {"",
                           ":80",
                           ".",
                           "a..b",
                           ".a",
                           "a:",
                           "a:0",
                           "a:65536",
                           "a:8x",
                           "a:-1",
                           "a:+1",
                           "a b",
                           "a/b",
                           "a@b",
                           "a%00",
                           "a\tb",
                           "\xc3\xa4.example",
                           "*.example",
                           "[]",
                           "[::1",
                           "::1]",
                           "[::1]x",
                           "[::1]:",
                           "[::1]:x",
                           "[a.example]",
                           "[10.0.0.1]",
                           "1:2:3",
                           "[fe80::1%eth0]",
                           "a,b",
                           "a;b"})
    EXPECT_EQ(key_of(text), "none") << text;
}

TEST(DnsHostKey, NamesAreAsLongAsDnsAllows) {
  std::string label(63, 'a');
  EXPECT_EQ(key_of(label), label + ":80");
  EXPECT_EQ(key_of(label + "a"), "none");
  std::string name = label + "." + label + "." + label + "." + std::string(61, 'b');
  ASSERT_EQ(name.size(), 253u);
  EXPECT_EQ(key_of(name + ":65535"), name + ":65535");
  EXPECT_EQ(key_of(name + "."), name + ".:80") << "the root may stand behind it";
  EXPECT_EQ(key_of(name + "bb"), "none");
}

TEST(LastUse, IsWrittenNowAndThenOnly) {
  MonotonicTime start{std::chrono::hours(1)};
  LastUse use(start);
  use.note(start + std::chrono::milliseconds(50));
  EXPECT_EQ(use.at(), start);
  use.note(start + std::chrono::milliseconds(200));
  EXPECT_EQ(use.at(), start + std::chrono::milliseconds(200));
}

}  // namespace
}  // namespace outrigger
