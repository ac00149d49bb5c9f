#include "proxy/stream/request_admission.h"

#include <gtest/gtest.h>

#include "test/unit/stream/messages.h"

namespace outrigger::stream::test {
namespace {

class Admission : public ::testing::Test {
 protected:
  std::optional<Refusal> admit(Head& head) { return admit_request(config_, 8080, *head, stats_); }
  std::string authority_after(std::string_view authority) {
    Head head({{":method", "GET"}, {":authority", std::string(authority)}, {":path", "/"}});
    EXPECT_FALSE(admit(head)) << authority;
    return std::string(head->get(":authority"));
  }

  config::HttpConnectionManager config_;
  HttpStats stats_;
};

TEST_F(Admission, ARequestWithoutHostIsRefused) {
  for (const Fields& fields : {Fields{{":method", "GET"}, {":path", "/"}},
                               Fields{{":method", "GET"}, {":authority", ""}, {":path", "/"}}}) {
    Head head(fields);
    auto refusal = admit(head);
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->reply.code, 400);
    EXPECT_EQ(refusal->reply.outcome.details, "missing_host_header");
  }
}

TEST_F(Admission, APathMustBeginWithASlash) {
  Head none({{":method", "GET"}, {":authority", "a"}});
  EXPECT_EQ(admit(none)->reply.outcome.details, "missing_path_rejected");
  Head relative({{":method", "GET"}, {":authority", "a"}, {":path", "x/y"}});
  auto refusal = admit(relative);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->reply.code, 404);
  EXPECT_EQ(stats_.downstream_rq_non_relative_path.value(), 1u);
}

TEST_F(Admission, OptionsMayAskForTheWholeServerAndConnectForNoPath) {
  Head options({{":method", "OPTIONS"}, {":authority", "a"}, {":path", "*"}});
  EXPECT_FALSE(admit(options));
  Head get_star({{":method", "GET"}, {":authority", "a"}, {":path", "*"}});
  EXPECT_TRUE(admit(get_star));
  Head connect({{":method", "CONNECT"}, {":authority", "a:443"}});
  EXPECT_FALSE(admit(connect));
}

TEST_F(Admission, NormalisesThePathBeforeAnybodyLooksAtIt) {
  config_.normalize_path = true;
  config_.merge_slashes = true;
  Head head({{":method", "GET"}, {":authority", "a"}, {":path", "/public/..//admin?x=/../"}});
  EXPECT_FALSE(admit(head));
  EXPECT_EQ(head->get(":path"), "/admin?x=/../");
}

TEST_F(Admission, EscapedSlashesAreRefusedOrRedirectedAsConfigured) {
  config_.normalize_path = true;
  config_.escaped_slashes = config::EscapedSlashes::reject_request;
  Head rejected({{":method", "GET"}, {":authority", "a"}, {":path", "/a%2Fb"}});
  auto refusal = admit(rejected);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->reply.code, 400);
  EXPECT_EQ(stats_.downstream_rq_failed_path_normalization.value(), 1u);
  config_.escaped_slashes = config::EscapedSlashes::unescape_and_redirect;
  Head redirected({{":method", "GET"}, {":authority", "a"}, {":path", "/a%2Fb"}});
  refusal = admit(redirected);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->reply.code, 307);
  EXPECT_EQ(refusal->location, "/a/b");
  EXPECT_EQ(stats_.downstream_rq_redirected_with_normalized_path.value(), 1u);
}

TEST_F(Admission, TheHostKeepsItsPortUnlessAsked) {
  EXPECT_EQ(authority_after("a.example:8080"), "a.example:8080");
  config_.strip_matching_host_port = true;
  EXPECT_EQ(authority_after("a.example:8080"), "a.example");
  EXPECT_EQ(authority_after("a.example:9090"), "a.example:9090");
  EXPECT_EQ(authority_after("a.example"), "a.example");
  EXPECT_EQ(authority_after("[::1]:8080"), "[::1]");
}

TEST_F(Admission, AnyPortGoesWhenAsked) {
  config_.strip_any_host_port = true;
  EXPECT_EQ(authority_after("a.example:9090"), "a.example");
  EXPECT_EQ(authority_after("[2001:db8::1]:9090"), "[2001:db8::1]");
  EXPECT_EQ(authority_after("[2001:db8::1]"), "[2001:db8::1]");
  Head connect({{":method", "CONNECT"}, {":authority", "a.example:443"}});
  EXPECT_FALSE(admit(connect));
  EXPECT_EQ(connect->get(":authority"), "a.example:443") << "the port is the target's";
}

TEST_F(Admission, TheTrailingDotGoesWhenAsked) {
  EXPECT_EQ(authority_after("a.example."), "a.example.");
  config_.strip_trailing_host_dot = true;
  EXPECT_EQ(authority_after("a.example."), "a.example");
  EXPECT_EQ(authority_after("a.example.:9090"), "a.example:9090");
  EXPECT_EQ(authority_after("."), ".");
}

}  // namespace
}  // namespace outrigger::stream::test
