#include "proxy/route/absolute_url.h"

#include <string>

#include <gtest/gtest.h>

namespace outrigger::route {
namespace {

TEST(AbsoluteUrl, HasItsParts) {
  auto url = parse_absolute_url("http://a.example:81/b/c?d=e#f");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, "http");
  EXPECT_EQ(url->authority, "a.example:81");
  EXPECT_EQ(url->path, "/b/c?d=e");
  EXPECT_FALSE(url->https);
}

TEST(AbsoluteUrl, HasARootWhereNoPathIsWritten) {
  EXPECT_EQ(parse_absolute_url("https://a")->path, "/");
  EXPECT_TRUE(parse_absolute_url("https://a")->https);
  EXPECT_EQ(parse_absolute_url("http://a#part")->path, "/");
  EXPECT_EQ(parse_absolute_url("http://[::1]:8080/x")->authority, "[::1]:8080");
}

TEST(AbsoluteUrl, RefusesWhatIsNone) {
  for (std::string text :
       {"", "/path", "//a/b", "http:/a", "http//x", "ftp://a/b", "http://", "http:///x",
        "http://a b/", "http://user@a/", "http://a:x/", "http://a:99999/", "http://[::1/x",
        "http://[]/x", "http://a\x7f/", "http://a/\xc3\xa4", "http://[::1]x/", "javascript:x"}) {
    EXPECT_FALSE(parse_absolute_url(text)) << text;
  }
}

}  // namespace
}  // namespace outrigger::route
