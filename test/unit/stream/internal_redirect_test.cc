// Answers that send a request elsewhere inside the proxy: redirects of an upstream, and detours of
// a filter.
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "test/unit/stream/proxy_fixture.h"

namespace outrigger::stream::test {
namespace {

bool has_text(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string redirect_to(std::string_view location) {
  return "HTTP/1.1 302 Found\r\nlocation: " + std::string(location) +
         "\r\ncontent-length: 3\r\n\r\nold";
}

constexpr const char* kRedirectedGet = "GET /a?b=c HTTP/1.1\r\nhost: a.example\r\n\r\n";
constexpr const char* kRedirectedOk = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

class InternalRedirect : public ProxyTest {
 protected:
  void follow(config::InternalRedirectPolicy policy) {
    config::ForwardAction action;
    action.internal_redirect = std::make_shared<config::InternalRedirectPolicy>(std::move(policy));
    forward_by(std::move(action));
  }
};

TEST_F(InternalRedirect, ASecondStreamServesTheRequest) {
  follow({});
  Client client = connect();
  client->send(kRedirectedGet);
  upstream(0).accept();
  upstream(0).take();
  upstream(0).send(redirect_to("http://b.example/next?x=1#part"));
  EXPECT_EQ(client->take(), "");
  size_t last = loop_.peer_count() - 1;
  if (upstream(last).connecting()) upstream(last).accept();
  std::string request = upstream(last).take();
  EXPECT_TRUE(request.starts_with("GET /next?x=1 HTTP/1.1\r\n")) << request;
  EXPECT_TRUE(has_text(request, "host: b.example\r\n")) << request;
  EXPECT_TRUE(has_text(request, "x-envoy-original-url: http://a.example/a?b=c\r\n")) << request;
  upstream(last).send(kRedirectedOk);
  EXPECT_TRUE(client->take().ends_with("ok"));
  EXPECT_EQ(stats().downstream_rq_total.value(), 2u);
  EXPECT_EQ(stats().downstream_rq_active.value(), 0);
  EXPECT_EQ(cluster_stats().upstream_internal_redirect_succeeded_total.value(), 1u);
}

TEST_F(InternalRedirect, NoMoreThanAreAllowed) {
  follow({});
  Client client = connect();
  client->send(kRedirectedGet);
  upstream(0).accept();
  upstream(0).send(redirect_to("http://b.example/next"));
  size_t last = loop_.peer_count() - 1;
  if (upstream(last).connecting()) upstream(last).accept();
  upstream(last).send(redirect_to("http://c.example/more"));
  EXPECT_TRUE(client->take().starts_with("HTTP/1.1 302"));
  EXPECT_EQ(stats().passthrough_internal_redirect_too_many_redirects.value(), 1u);
}

TEST_F(InternalRedirect, WhatIsNotAWholeUrlIsTheClients) {
  follow({});
  Client client = connect();
  client->send(kRedirectedGet);
  upstream(0).accept();
  upstream(0).send(redirect_to("/next"));
  EXPECT_TRUE(client->take().starts_with("HTTP/1.1 302"));
  EXPECT_EQ(stats().passthrough_internal_redirect_bad_location.value(), 1u);
}

TEST_F(InternalRedirect, ARequestThatIsNotCompleteGetsItsRedirect) {
  follow({});
  Client client = connect();
  client->send("POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhe");
  upstream(0).accept();
  upstream(0).send(redirect_to("http://b.example/next"));
  EXPECT_TRUE(client->take().starts_with("HTTP/1.1 302"));
}

struct TestMark final : DetourMark {};

// Sends what is answered with 503 to another place, once.
class DetourFilter final : public HttpFilter {
 public:
  explicit DetourFilter(std::string_view url) : url_(url) {}
  Verdict on_response_headers(FilterContext& context, http::HeaderMap& headers, bool) override {
    if (context.detour_mark() != nullptr) {
      headers.add("x-marked", "1");
      return Verdict::next();
    }
    if (headers.get(http::HeaderId::status) != "503") return Verdict::next();
    Detour detour;
    detour.url = url_;
    detour.mark = std::make_shared<TestMark>();
    if (context.take(detour) != DetourResult::begun) headers.add("x-stayed", "1");
    return Verdict::next();
  }

 private:
  std::string_view url_;
};

class DetourFactory final : public HttpFilterFactory {
 public:
  explicit DetourFactory(std::string url) : url_(std::move(url)) {}
  ArenaPtr<HttpFilter> create(Arena& arena) const override {
    return make_in_arena<DetourFilter>(arena, url_);
  }

 private:
  std::string url_;
};

class Detours : public ProxyTest {
 protected:
  void send_to(std::string url) {
    config_->filters.insert(
        config_->filters.begin(),
        config::HttpFilterEntry{"detour", std::make_shared<DetourFactory>(std::move(url)),
                                nullptr});
  }
  // The request's answer, up to the second stream's way to the upstream.
  Client answered_with_503(std::string_view request) {
    Client client = connect();
    client->send(request);
    upstream(0).accept();
    upstream(0).take();
    upstream(0).send("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 3\r\n\r\nold");
    return client;
  }
};

TEST_F(Detours, TheRequestIsAnsweredFromElsewhere) {
  send_to("https://b.example:8443/next#x");
  Client client =
      answered_with_503("POST /a HTTP/1.1\r\nhost: a.example\r\ncontent-length: 2\r\n\r\nhi");
  EXPECT_EQ(client->take(), "");
  size_t last = loop_.peer_count() - 1;
  if (upstream(last).connecting()) upstream(last).accept();
  std::string request = upstream(last).take();
  EXPECT_TRUE(request.starts_with("GET /next HTTP/1.1\r\n")) << request;
  EXPECT_TRUE(has_text(request, "host: b.example:8443\r\n")) << request;
  EXPECT_FALSE(has_text(request, "content-length")) << request;
  upstream(last).send(kRedirectedOk);
  std::string response = client->take();
  EXPECT_TRUE(has_text(response, "x-marked: 1\r\n")) << response;
  EXPECT_TRUE(response.ends_with("ok")) << response;
  EXPECT_EQ(stats().downstream_rq_total.value(), 2u);
  EXPECT_EQ(stats().downstream_rq_active.value(), 0);
}

TEST_F(Detours, ADirectResponseMayBeTheEnd) {
  send_to("http://b.example/direct");
  Client client = answered_with_503(kRedirectedGet);
  std::string response = client->take();
  EXPECT_TRUE(response.starts_with("HTTP/1.1 200")) << response;
  EXPECT_TRUE(response.ends_with("here")) << response;
}

TEST_F(Detours, ARequestThatIsNotCompleteKeepsItsAnswer) {
  send_to("http://b.example/direct");
  Client client =
      answered_with_503("POST /a HTTP/1.1\r\nhost: a.example\r\ncontent-length: 5\r\n\r\nhi");
  std::string response = client->take();
  EXPECT_TRUE(response.starts_with("HTTP/1.1 503")) << response;
  EXPECT_TRUE(has_text(response, "x-stayed: 1\r\n")) << response;
}

TEST_F(Detours, WhereThereIsNoSuchPlaceTheAnswerStays) {
  send_to("ftp://b.example/direct");
  Client client = answered_with_503(kRedirectedGet);
  std::string response = client->take();
  EXPECT_TRUE(has_text(response, "x-stayed: 1\r\n")) << response;
  EXPECT_TRUE(response.ends_with("old")) << response;
  EXPECT_EQ(stats().downstream_rq_total.value(), 1u);
}

TEST_F(Detours, AnAnswerOfTheProxyItselfMayBeReplaced) {
  send_to("http://b.example/direct");
  Client client = connect();
  client->send(kRedirectedGet);
  upstream(0).refuse(ECONNREFUSED);
  std::string response = client->take();
  EXPECT_TRUE(response.ends_with("here")) << response;
}

}  // namespace
}  // namespace outrigger::stream::test
