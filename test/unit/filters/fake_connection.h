// FakeConnection: a connection for one network filter in unit tests. The test sets the facts and
// moves the clock, and reads what the filter asked for. Nothing happens by itself.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "google/protobuf/text_format.h"
#include <gtest/gtest.h>

#include "api/filter/network_filter.h"
#include "filters/registry.h"
#include "test/unit/filters/fixture.h"

namespace outrigger::filters::test {

class FakeConnection final : public NetworkFilterContext {
 public:
  FakeConnection() {
    facts.remote = facts.direct_remote = *net::Address::from_ip("192.0.2.7", 50000);
    facts.local = facts.direct_local = *net::Address::from_ip("10.0.0.1", 443);
  }

  // What the test sets.
  DownstreamConnectionInfo facts;
  std::map<std::string, bool, std::less<>> runtime;
  MonotonicTime time{std::chrono::hours(1)};

  // What the filter did.
  std::string written;
  bool closed = false;
  bool flushed = false;
  std::string close_reason;
  unsigned resumes = 0;
  std::optional<std::chrono::milliseconds> timer;

  DownstreamConnectionInfo& info() override { return facts; }
  void write(Bytes bytes) override { written += bytes; }
  void close(bool flush, std::string_view reason) override {
    closed = true;
    flushed = flush;
    close_reason = reason;
  }
  void resume() override { ++resumes; }
  void pause_reading(bool) override {}
  void start_timer(std::chrono::milliseconds delay) override { timer = delay; }
  unsigned worker() const override { return 0; }
  uint64_t random() override { return 0; }
  bool fraction(const config::RuntimeFraction&) override { return true; }
  bool runtime_enabled(std::string_view key, bool fallback) override {
    auto found = runtime.find(key);
    return found == runtime.end() ? fallback : found->second;
  }
  MonotonicTime now() const override { return time; }
};

class NetworkFilterTest : public testing::Test {
 protected:
  template <class Proto>
  absl::StatusOr<std::shared_ptr<const NetworkFilterFactory>> try_compile(const std::string& text) {
    Proto proto;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &proto)) << text;
    return find_network_filter(Proto::descriptor()->full_name())->compile(proto, compile_context);
  }
  template <class Proto>
  std::shared_ptr<const NetworkFilterFactory> compile(const std::string& text) {
    auto factory = try_compile<Proto>(text);
    EXPECT_TRUE(factory.ok()) << factory.status();
    return *factory;
  }
  // The value of a counter or gauge by its full name; 0 if nobody made it.
  int64_t stat(std::string_view name) const {
    return outrigger::filters::test::stat(compile_context.registry, name);
  }

  FakeCompileContext compile_context;
};

}  // namespace outrigger::filters::test
