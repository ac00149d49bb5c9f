// Options of the codecs, of the router and of when connection managers log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/xds/load_helpers.h"

namespace outrigger::xds {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::load_listener;
using testing::Loaded;
using ::testing::Pair;

TEST(CompileHttpOptions, SettingsOfOtherKindsAreKept) {
  Loaded loaded = load_listener(
      {.extra = "http2_protocol_options: {custom_settings_parameters: [{identifier: 6, value: 7}, "
                "{identifier: 3, value: 9}]}"});
  ASSERT_THAT(loaded.errors, IsEmpty());
  EXPECT_THAT(loaded.manager().http2.custom_settings, ElementsAre(Pair(6, 7u)));
  EXPECT_EQ(loaded.manager().http2.max_concurrent_streams, 9u);
}

TEST(CompileHttpOptions, RefusesSettingsThatContradictOrPush) {
  EXPECT_THAT(load_listener({.extra = "http2_protocol_options: {max_concurrent_streams: 4, "
                                      "custom_settings_parameters: [{identifier: 3, value: 9}]}"})
                  .errors,
              ElementsAre(HasSubstr("custom_settings_parameters[0]: contradicts the field")));
  EXPECT_THAT(load_listener({.extra = "http2_protocol_options: {custom_settings_parameters: "
                                      "[{identifier: 2, value: 1}]}"})
                  .errors,
              ElementsAre(HasSubstr("ENABLE_PUSH cannot be set")));
}

TEST(CompileHttpOptions, TakesIgnoredUpgradesAndJitter) {
  Loaded loaded = load_listener(
      {.extra = "http_protocol_options: {ignore_http_11_upgrade: [{exact: foo}]}\n"
                "http2_protocol_options: {connection_keepalive: {interval: 1s, timeout: 1s, "
                "interval_jitter: {value: 50}}}"});
  ASSERT_THAT(loaded.errors, IsEmpty());
  EXPECT_TRUE(loaded.manager().http1.ignored_upgrades.at(0).matches("foo"));
  const http::Http2Options& options = loaded.manager().http2;
  EXPECT_EQ(options.ping_jitter_percent, 50u);
  for (uint64_t random : {0u, 7u, 500u, 123456u}) {
    auto interval = http::jittered_interval(options, random);
    EXPECT_GE(interval.count(), 1000);
    EXPECT_LE(interval.count(), 1500);
  }
}

TEST(CompileHttpOptions, LogsMayNotWaitForTheEnd) {
  Loaded loaded = load_listener(
      {.extra = "access_log_options: {flush_access_log_on_new_request: true, "
                "access_log_flush_interval: 2s, flush_log_on_tunnel_successfully_established: "
                "true}"});
  ASSERT_THAT(loaded.errors, IsEmpty());
  EXPECT_TRUE(loaded.manager().log_on_new_request);
  EXPECT_TRUE(loaded.manager().log_on_tunnel_established);
  EXPECT_EQ(loaded.manager().log_interval, std::chrono::seconds(2));
  EXPECT_THAT(load_listener({.extra = "access_log_options: {}\nflush_access_log_on_new_request: "
                                      "true"})
                  .errors,
              ElementsAre(HasSubstr("access_log_options: cannot be set together")));
}

}  // namespace
}  // namespace outrigger::xds
