// Filters of attempts: what they change of each try and of its answer.
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "api/config/upstream_filters.h"
#include "test/unit/stream/proxy_fixture.h"

namespace outrigger::stream::test {
namespace {

using std::chrono::milliseconds;

// Adds its name to requests and responses.
class NamingFilter final : public HttpFilter {
 public:
  explicit NamingFilter(std::string_view name) : name_(name) {}
  Verdict on_request_headers(FilterContext& context, http::HeaderMap& headers, bool) override {
    headers.add("x-tried", context.name());
    return Verdict::next();
  }
  Verdict on_response_headers(FilterContext&, http::HeaderMap& headers, bool) override {
    headers.add("x-answered", name_);
    return Verdict::next();
  }

 private:
  std::string_view name_;
};

class NamingFactory final : public HttpFilterFactory {
 public:
  explicit NamingFactory(std::string name) : name_(std::move(name)) {}
  ArenaPtr<HttpFilter> create(Arena& arena) const override {
    return make_in_arena<NamingFilter>(arena, name_);
  }

 private:
  std::string name_;
};

size_t count_of(std::string_view text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

class AttemptFiltering : public ProxyTest {
 protected:
  AttemptFiltering() {
    auto retry = std::make_shared<config::RetryPolicy>();
    retry->on = config::retry_on::parse("5xx");
    retry->base_interval = retry->max_interval = milliseconds(1);
    config::ForwardAction action;
    action.retry = std::move(retry);
    host_ = &forward_by(std::move(action));
    auto filters = std::make_shared<config::UpstreamFilters>();
    for (const char* name : {"one", "two"})
      filters->filters.push_back({name, std::make_shared<NamingFactory>(name), nullptr});
    cluster_->http.edit().filters = std::move(filters);
  }
  config::VirtualHost* host_;
};

TEST_F(AttemptFiltering, TheyMeetEachTryAndItsAnswer) {
  Client client = connect();
  client->send("GET /a HTTP/1.1\r\nhost: a\r\n\r\n");
  upstream(0).accept();
  std::string first = upstream(0).take();
  EXPECT_TRUE(first.find("x-tried: one\r\nx-tried: two\r\n") != std::string::npos) << first;
  upstream(0).send("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n");
  loop_.advance(milliseconds(5));
  size_t last = loop_.peer_count() - 1;
  if (upstream(last).connecting()) upstream(last).accept();
  std::string second = upstream(last).take();
  EXPECT_EQ(count_of(second, "x-tried: one\r\n"), 2u) << second;
  EXPECT_EQ(count_of(second, "x-tried: two\r\n"), 2u) << second;
  upstream(last).send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  std::string response = client->take();
  EXPECT_TRUE(response.find("x-answered: two\r\nx-answered: one\r\n") != std::string::npos)
      << response;
}

TEST_F(AttemptFiltering, ARouteMayDisableOne) {
  config::PerFilterConfig::Entry entry;
  entry.filter_name = "one";
  entry.disabled = true;
  host_->per_filter.entries.push_back(std::move(entry));
  Client client = connect();
  client->send("GET /a HTTP/1.1\r\nhost: a\r\n\r\n");
  upstream(0).accept();
  std::string request = upstream(0).take();
  EXPECT_EQ(count_of(request, "x-tried: one\r\n"), 0u) << request;
  EXPECT_EQ(count_of(request, "x-tried: two\r\n"), 1u) << request;
}

}  // namespace
}  // namespace outrigger::stream::test
