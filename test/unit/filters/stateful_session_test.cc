#include "absl/strings/escaping.h"

#include "envoy/extensions/filters/http/stateful_session/v3/stateful_session.pb.h"
#include "envoy/extensions/http/stateful_session/cookie/v3/cookie.pb.h"
#include "envoy/extensions/http/stateful_session/header/v3/header.pb.h"

#include "filters/http/stateful_session/session_state.h"
#include "test/unit/filters/fixture.h"

namespace outrigger::filters::test {
namespace {

using envoy::extensions::filters::http::stateful_session::v3::StatefulSession;
using envoy::extensions::filters::http::stateful_session::v3::StatefulSessionPerRoute;

constexpr char kCookie[] = R"(stat_prefix: "s" session_state { name: "c" typed_config {
    [type.googleapis.com/envoy.extensions.http.stateful_session.cookie.v3.CookieBasedSessionState] {
      cookie { name: "sess" ttl { seconds: 100 } path: "/a" attributes { name: "SameSite" value: "Lax" }
               attributes { name: "Secure" } } } } })";
constexpr char kStrictHeader[] =
    R"(stat_prefix: "s" strict: true session_state { name: "h" typed_config {
    [type.googleapis.com/envoy.extensions.http.stateful_session.header.v3.HeaderBasedSessionState] {
      name: "X-Session" } } })";

std::string base64(std::string_view octets) {
  return absl::Base64Escape(absl::string_view(octets.data(), octets.size()));
}

class StatefulSessionTest : public FilterTest {
 protected:
  StatefulSessionTest() { context.info().start_time = SystemTime(std::chrono::seconds(1000)); }

  std::string_view override_host() {
    const StreamInfo& info = context.info();
    return info.extras == nullptr ? std::string_view() : info.extras->override_host;
  }
  void request(HttpFilter& filter, const Headers& headers) {
    context.info().start = context.time;
    filter.on_request_headers(context, context.make_request(headers), true);
  }
  http::HeaderMap& response(HttpFilter& filter, const char* host_ip) {
    if (host_ip != nullptr) {
      context.info().upstream_remote = *net::Address::from_ip(host_ip, 80);
    }
    http::HeaderMap& headers = context.make_response({{":status", "200"}});
    filter.on_response_headers(context, headers, true);
    return headers;
  }
};

TEST_F(StatefulSessionTest, TellsAClientWithoutASessionItsHost) {
  HttpFilter& filter = make<StatefulSession>(kCookie);
  request(filter, {{":path", "/a/b"}});
  EXPECT_EQ(override_host(), "");
  // 1: "10.0.0.1:80", 2: 1100
  EXPECT_EQ(response(filter, "10.0.0.1").get("set-cookie"),
            "sess=\"" +
                base64("\x0a\x0b"
                       "10.0.0.1:80\x10\xcc\x08") +
                "\"; Max-Age=100; Path=/a; SameSite=Lax; Secure; HttpOnly");
  EXPECT_EQ(stat("http.ingress.stateful_session.s.failed_open"), 1);
}

TEST_F(StatefulSessionTest, KeepsAClientWithItsHost) {
  HttpFilter& filter = make<StatefulSession>(kCookie);
  request(filter, {{":path", "/a"},
                   {"cookie", "sess=" + base64("\x0a\x0b"
                                               "10.0.0.1:80\x10\xe8\x07")}});
  EXPECT_EQ(override_host(), "10.0.0.1:80");
  EXPECT_FALSE(context.info().extras->override_host_strict);
  EXPECT_EQ(response(filter, "10.0.0.1").find("set-cookie"), nullptr);
  EXPECT_EQ(stat("http.ingress.stateful_session.s.routed"), 1);
}

TEST_F(StatefulSessionTest, EndsASessionWithItsTime) {
  HttpFilter& filter = make<StatefulSession>(kCookie);
  request(filter, {{":path", "/a"},
                   {"cookie", "sess=" + base64("\x0a\x0b"
                                               "10.0.0.1:80\x10\xe7\x07")}});
  EXPECT_EQ(override_host(), "");
}

TEST_F(StatefulSessionTest, KnowsTheCookieOfBefore) {
  HttpFilter& filter = make<StatefulSession>(kCookie);
  request(filter, {{":path", "/a"}, {"cookie", "sess=" + base64("10.0.0.1:80")}});
  EXPECT_EQ(override_host(), "10.0.0.1:80");
}

TEST_F(StatefulSessionTest, TakesNoHarmFromWrongCookies) {
  for (std::string_view wrong : {"\x0a", "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
                                 "\x0a\x7f"
                                 "1",
                                 "\x10", "\x0b",
                                 "\x09"
                                 "1234",
                                 "\x00"}) {
    HttpFilter& filter = make<StatefulSession>(kCookie);
    request(filter, {{":path", "/a"}, {"cookie", "sess=" + base64(wrong)}});
    response(filter, "10.0.0.1");
  }
  HttpFilter& filter = make<StatefulSession>(kCookie);
  context.info().extras = nullptr;
  request(filter, {{":path", "/a"}, {"cookie", "sess=***"}});
  EXPECT_EQ(override_host(), "");
}

TEST_F(StatefulSessionTest, IsForThePathsOfItsCookie) {
  filters::stateful_session::CookieState state;
  state.path = "/a";
  for (const char* path : {"/a", "/a/b", "/a?x", "/a#x"}) EXPECT_TRUE(state.takes_path(path));
  for (const char* path : {"/", "/ab", "/b/a"}) EXPECT_FALSE(state.takes_path(path));
  state.path = "/a/";
  EXPECT_TRUE(state.takes_path("/a/b"));
  EXPECT_FALSE(state.takes_path("/a"));
  HttpFilter& filter = make<StatefulSession>(kCookie);
  request(filter, {{":path", "/b"}});
  EXPECT_EQ(response(filter, "10.0.0.1").find("set-cookie"), nullptr);
  EXPECT_EQ(stat("http.ingress.stateful_session.s.no_session"), 1);
}

TEST_F(StatefulSessionTest, IsStrictWhereThatIsSaid) {
  HttpFilter& filter = make<StatefulSession>(kStrictHeader);
  request(filter, {{":path", "/"}, {"x-session", base64("10.0.0.1:80")}});
  EXPECT_EQ(override_host(), "10.0.0.1:80");
  EXPECT_TRUE(context.info().extras->override_host_strict);
  context.info().flags.set(ResponseFlag::no_healthy_upstream);
  response(filter, nullptr);
  EXPECT_EQ(stat("http.ingress.stateful_session.s.failed_closed"), 1);
}

TEST_F(StatefulSessionTest, DoesWhatTheRouteSays) {
  context.levels = {route_config<StatefulSessionPerRoute>("disabled: true")};
  HttpFilter& disabled = make<StatefulSession>(kCookie);
  request(disabled, {{":path", "/a"}});
  EXPECT_EQ(response(disabled, "10.0.0.1").find("set-cookie"), nullptr);
  context.levels = {route_config<StatefulSessionPerRoute>(std::string("stateful_session { ") +
                                                          kStrictHeader + " }")};
  HttpFilter& filter = make<StatefulSession>(kCookie);
  request(filter, {{":path", "/a"}});
  EXPECT_EQ(response(filter, "10.0.0.1").get("x-session"), base64("10.0.0.1:80"));
}

}  // namespace
}  // namespace outrigger::filters::test
