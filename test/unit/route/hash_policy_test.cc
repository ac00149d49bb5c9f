// Hashes of requests: the values are those of Envoy's policies.
#include "proxy/route/hash_policy.h"

#include <xxhash.h>

#include <gtest/gtest.h>

namespace outrigger::route {
namespace {

using config::HashPolicy;
using Kind = HashPolicy::Kind;

uint64_t xx(std::string_view text, uint64_t seed = 0) {
  return XXH64(text.data(), text.size(), seed);
}

class Hashes : public ::testing::Test {
 protected:
  RequestHash hash(const std::vector<HashPolicy>& policies) {
    return hash_request(policies, {headers_, client_, remote_, local_, &state_}, arena_);
  }
  static HashPolicy policy(Kind kind, std::string name, bool terminal = false) {
    HashPolicy out;
    out.kind = kind;
    out.name = std::move(name);
    out.terminal = terminal;
    return out;
  }

  ChunkPool chunks_;
  Arena arena_{chunks_};
  http::HeaderMap headers_{arena_};
  net::Address client_ = *net::Address::from_ip("203.0.113.9", 0);
  net::Address remote_ = *net::Address::from_ip("10.0.0.1", 1234);
  net::Address local_ = *net::Address::from_ip("10.0.0.2", 80);
  FilterState state_;
};

TEST_F(Hashes, OfHeadersInAnyOrder) {
  EXPECT_FALSE(hash({policy(Kind::header, "x-user")}).value.has_value());
  headers_.add("x-user", "b");
  EXPECT_EQ(hash({policy(Kind::header, "x-user")}).value, xx("b"));
  headers_.add("x-user", "a");
  EXPECT_EQ(hash({policy(Kind::header, "x-user")}).value, xx("b", xx("a")));
}

TEST_F(Hashes, OfTheClientTheQueryAndWhatFiltersFound) {
  headers_.add(":path", "/?u=7&v");
  state_.set("key", "value");
  EXPECT_EQ(hash({policy(Kind::source_ip, "")}).value, xx("203.0.113.9"));
  EXPECT_EQ(hash({policy(Kind::query_parameter, "u")}).value, xx("7"));
  EXPECT_FALSE(hash({policy(Kind::query_parameter, "w")}).value.has_value());
  EXPECT_EQ(hash({policy(Kind::filter_state, "key")}).value, xx("value"));
}

TEST_F(Hashes, SeveralPoliciesAreCombinedUntilATerminalOneFinds) {
  headers_.add("a", "1");
  headers_.add("b", "2");
  uint64_t first = xx("1");
  EXPECT_EQ(hash({policy(Kind::header, "a"), policy(Kind::header, "b")}).value,
            (first << 1 | first >> 63) ^ xx("2"));
  EXPECT_EQ(hash({policy(Kind::header, "a", true), policy(Kind::header, "b")}).value, first);
  EXPECT_EQ(hash({policy(Kind::header, "c", true), policy(Kind::header, "b")}).value, xx("2"));
}

TEST_F(Hashes, OfACookieThatTheClientHas) {
  headers_.add("cookie", "a=1; session=\"abc\" ;b=2");
  RequestHash out = hash({policy(Kind::cookie, "session")});
  EXPECT_EQ(out.value, xx("abc"));
  EXPECT_TRUE(out.set_cookies.empty());
  EXPECT_FALSE(hash({policy(Kind::cookie, "sess")}).value.has_value());
}

TEST_F(Hashes, AClientWithoutTheCookieIsGivenOne) {
  HashPolicy cookie = policy(Kind::cookie, "session");
  cookie.cookie_ttl = std::chrono::seconds(60);
  cookie.cookie_path = "/p";
  cookie.cookie_attributes = "; SameSite=Lax";
  RequestHash out = hash({cookie});
  ASSERT_EQ(out.set_cookies.size(), 1u);
  std::string_view text = out.set_cookies[0];
  std::string_view value = text.substr(9, 16);
  EXPECT_EQ(text,
            "session=\"" + std::string(value) + "\"; Max-Age=60; Path=/p; SameSite=Lax; HttpOnly");
  EXPECT_EQ(out.value, xx(value));
  EXPECT_EQ(hash({cookie}).value, out.value) << "one for each connection";
  cookie.cookie_ttl = std::chrono::seconds(0);
  EXPECT_EQ(hash({cookie}).set_cookies[0].find("Max-Age"), std::string_view::npos);
}

}  // namespace
}  // namespace outrigger::route
