// The small network filters: sni_cluster, connection_limit, local_ratelimit, direct_response, echo.
#include "envoy/extensions/filters/network/connection_limit/v3/connection_limit.pb.h"
#include "envoy/extensions/filters/network/direct_response/v3/config.pb.h"
#include "envoy/extensions/filters/network/echo/v3/echo.pb.h"
#include "envoy/extensions/filters/network/local_ratelimit/v3/local_rate_limit.pb.h"
#include "envoy/extensions/filters/network/sni_cluster/v3/sni_cluster.pb.h"

#include "test/unit/filters/fake_connection.h"

namespace outrigger::filters::test {
namespace {

using envoy::extensions::filters::network::connection_limit::v3::ConnectionLimit;
using envoy::extensions::filters::network::echo::v3::Echo;
using envoy::extensions::filters::network::local_ratelimit::v3::LocalRateLimit;
using envoy::extensions::filters::network::sni_cluster::v3::SniCluster;
using DirectResponse = envoy::extensions::filters::network::direct_response::v3::Config;
using std::chrono::milliseconds;

using SniClusterFilter = NetworkFilterTest;
using ConnectionLimitFilter = NetworkFilterTest;
using LocalRateLimitFilter = NetworkFilterTest;
using DirectResponseFilter = NetworkFilterTest;
using EchoFilter = NetworkFilterTest;

TEST_F(SniClusterFilter, NamesTheClusterOfTheSni) {
  FakeConnection connection;
  connection.facts.requested_server_name = "backend.example";
  auto filter = compile<SniCluster>("")->create();
  EXPECT_EQ(filter->on_new_connection(connection), NetworkVerdict::next);
  EXPECT_EQ(*connection.facts.find_filter_state("envoy.tcp_proxy.cluster"), "backend.example");
}

TEST_F(SniClusterFilter, LeavesAConnectionWithoutSniAlone) {
  FakeConnection connection;
  compile<SniCluster>("")->create()->on_new_connection(connection);
  EXPECT_EQ(connection.facts.find_filter_state("envoy.tcp_proxy.cluster"), nullptr);
}

TEST_F(ConnectionLimitFilter, RefusesOneTooManyUntilOneLeaves) {
  auto factory = compile<ConnectionLimit>("stat_prefix: 'a' max_connections { value: 1 }");
  FakeConnection first_connection, second_connection, third_connection;
  auto first = factory->create();
  auto second = factory->create();
  EXPECT_EQ(first->on_new_connection(first_connection), NetworkVerdict::next);
  EXPECT_EQ(second->on_new_connection(second_connection), NetworkVerdict::stop);
  EXPECT_TRUE(second_connection.closed);
  EXPECT_EQ(second_connection.close_reason, "over_connection_limit");
  EXPECT_EQ(stat("connection_limit.a.limited_connections"), 1);
  EXPECT_EQ(stat("connection_limit.a.active_connections"), 2);
  second->on_close(second_connection);
  first->on_close(first_connection);
  EXPECT_EQ(stat("connection_limit.a.active_connections"), 0);
  EXPECT_EQ(factory->create()->on_new_connection(third_connection), NetworkVerdict::next);
}

TEST_F(ConnectionLimitFilter, DelaysTheRefusal) {
  auto factory = compile<ConnectionLimit>(
      "stat_prefix: 'a' max_connections { value: 1 } delay { seconds: 2 }");
  FakeConnection first_connection, connection;
  auto first = factory->create();
  first->on_new_connection(first_connection);
  auto second = factory->create();
  EXPECT_EQ(second->on_new_connection(connection), NetworkVerdict::stop);
  EXPECT_FALSE(connection.closed);
  EXPECT_EQ(connection.timer, milliseconds(2000));
  second->on_timer(connection);
  EXPECT_TRUE(connection.closed);
}

TEST_F(ConnectionLimitFilter, RuntimeSwitchesItOff) {
  auto factory = compile<ConnectionLimit>(
      "stat_prefix: 'a' max_connections { value: 1 } "
      "runtime_enabled { default_value { value: true } runtime_key: 'k' }");
  FakeConnection connection;
  connection.runtime["k"] = false;
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(factory->create()->on_new_connection(connection), NetworkVerdict::next);
}

TEST_F(LocalRateLimitFilter, AllowsTheBucketAndThenItsFills) {
  auto factory = compile<LocalRateLimit>(
      "stat_prefix: 'r' token_bucket { max_tokens: 2 tokens_per_fill { value: 1 } "
      "fill_interval { seconds: 1 } }");
  FakeConnection connection;
  auto allowed = [&] {
    return factory->create()->on_new_connection(connection) == NetworkVerdict::next;
  };
  EXPECT_TRUE(allowed());
  EXPECT_TRUE(allowed());
  EXPECT_FALSE(allowed());
  EXPECT_TRUE(connection.closed);
  EXPECT_TRUE(connection.facts.extras != nullptr);
  EXPECT_EQ(stat("local_rate_limit.r.rate_limited"), 1);
  connection.time += milliseconds(999);
  EXPECT_FALSE(allowed());
  connection.time += milliseconds(1);
  EXPECT_TRUE(allowed());
  EXPECT_FALSE(allowed());
  connection.time += std::chrono::hours(1);  // no more than fits
  EXPECT_TRUE(allowed());
  EXPECT_TRUE(allowed());
  EXPECT_FALSE(allowed());
}

TEST_F(LocalRateLimitFilter, SharesTheBucketOfAKey) {
  std::string text =
      "stat_prefix: 'r' share_key: 'k' token_bucket { max_tokens: 1 fill_interval { seconds: 1 } }";
  auto first = compile<LocalRateLimit>(text);
  auto second = compile<LocalRateLimit>(text);
  FakeConnection connection;
  EXPECT_EQ(first->create()->on_new_connection(connection), NetworkVerdict::next);
  EXPECT_EQ(second->create()->on_new_connection(connection), NetworkVerdict::stop);
}

TEST_F(LocalRateLimitFilter, RefusesTwoRatesUnderOneKey) {
  auto first = compile<LocalRateLimit>(
      "stat_prefix: 'r' share_key: 'k' token_bucket { max_tokens: 1 fill_interval { seconds: 1 } "
      "}");
  auto other = try_compile<LocalRateLimit>(
      "stat_prefix: 'r' share_key: 'k' token_bucket { max_tokens: 2 fill_interval { seconds: 1 } "
      "}");
  EXPECT_TRUE(std::string(other.status().message()).starts_with("share_key: 'k'"));
}

TEST_F(LocalRateLimitFilter, RefusesAnIntervalBelowEnvoysLeast) {
  auto factory = try_compile<LocalRateLimit>(
      "stat_prefix: 'r' token_bucket { max_tokens: 1 fill_interval { nanos: 40000000 } }");
  EXPECT_EQ(std::string(factory.status().message()),
            "token_bucket.fill_interval: must be at least 50ms");
}

TEST_F(DirectResponseFilter, AnswersAndEnds) {
  FakeConnection connection;
  auto factory = compile<DirectResponse>("response { inline_string: 'hello' }");
  EXPECT_TRUE(factory->terminal());
  factory->create()->on_new_connection(connection);
  EXPECT_EQ(connection.written, "hello");
  EXPECT_TRUE(connection.closed);
  EXPECT_TRUE(connection.flushed);
}

TEST_F(EchoFilter, SendsBackWhatArrivesAndEndsWithThePeer) {
  FakeConnection connection;
  auto factory = compile<Echo>("");
  EXPECT_TRUE(factory->terminal());
  auto filter = factory->create();
  Bytes data = "abc";
  filter->on_data(connection, data, false);
  EXPECT_EQ(connection.written, "abc");
  EXPECT_TRUE(data.empty());
  EXPECT_FALSE(connection.closed);
  filter->on_data(connection, data, true);
  EXPECT_TRUE(connection.closed && connection.flushed);
}

}  // namespace
}  // namespace outrigger::filters::test
