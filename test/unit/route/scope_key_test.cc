#include "proxy/route/scope_key.h"

#include <gtest/gtest.h>

namespace outrigger::route {
namespace {

class ScopeKeyTest : public ::testing::Test {
 protected:
  std::optional<config::ScopeKey> key(std::vector<config::ScopeKeyPart> parts,
                                      std::string_view value) {
    config::ScopedRoutes scopes;
    scopes.key_parts = std::move(parts);
    http::HeaderMap headers(arena_);
    headers.add("x-scope", value);
    return make_scope_key(scopes, headers);
  }
  static config::ScopeKey parts(std::initializer_list<std::string_view> all) {
    config::ScopeKey key;
    for (std::string_view part : all) config::append_scope_key_part(key, part);
    return key;
  }

  ChunkPool pool_;
  Arena arena_{pool_};
};

TEST_F(ScopeKeyTest, TheWholeValue) {
  EXPECT_EQ(key({{"x-scope", "", 0, {}, ""}}, "a,b"), parts({"a,b"}));
}

TEST_F(ScopeKeyTest, AnElementByItsPlace) {
  EXPECT_EQ(key({{"x-scope", ",", 1, {}, ""}}, "a,b"), parts({"b"}));
  EXPECT_EQ(key({{"x-scope", ",", 2, {}, ""}}, "a,b"), std::nullopt);
}

TEST_F(ScopeKeyTest, AnElementByItsKey) {
  config::ScopeKeyPart vip{"x-scope", ";", {}, "vip", "="};
  EXPECT_EQ(key({vip}, "port=80;vip=10.0.0.1;vip=2"), parts({"10.0.0.1"}));
  EXPECT_EQ(key({vip}, "port=80"), std::nullopt);
  EXPECT_EQ(key({vip}, "vip"), parts({""}));
}

TEST_F(ScopeKeyTest, EveryPartMustBeThere) {
  config::ScopeKeyPart there{"x-scope", "", 0, {}, ""}, absent{"x-other", "", 0, {}, ""};
  EXPECT_EQ(key({there, absent}, "a"), std::nullopt);
  EXPECT_EQ(key({there, there}, "a"), parts({"a", "a"}));
}

TEST_F(ScopeKeyTest, NoTwoKeysAreAlikeByAccident) {
  EXPECT_NE(parts({"a", "bc"}), parts({"ab", "c"}));
  EXPECT_NE(parts({"1:a"}), parts({"a"}));
}

}  // namespace
}  // namespace outrigger::route
