#include "xds/dynamic/extension_configs.h"

#include "fmt/format.h"

#include "envoy/config/core/v3/extension.pb.h"

#include "api/stats_xds.h"
#include "test/unit/xds_dynamic/discovery_fakes.h"
#include "xds/init_set.h"

namespace outrigger::xds::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Source = envoy::config::core::v3::ExtensionConfigSource;
using Message = envoy::config::core::v3::TypedExtensionConfig;

const std::string kFault = "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault";
const std::string kRouter = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router";

Source source(const std::string& more = "", const std::string& type = kFault) {
  return from_json<Source>(
      fmt::format(R"({{"configSource": {{"ads": {{}}}}, {} "typeUrls": ["{}"]}})", more, type));
}

Message config(const std::string& type = kFault, const std::string& fields = "") {
  return from_json<Message>(
      fmt::format(R"({{"name": "gate", "typedConfig": {{"@type": "{}" {}}}}})", type, fields));
}

const std::string kDefault = fmt::format(R"("defaultConfig": {{"@type": "{}"}},)", kFault);

class ExtensionConfigsTest : public ::testing::Test {
 protected:
  DynamicSources::FilterSlotPtr get(const Source& from) {
    environment_.init = init_.get();
    auto slot = configs_.http_filter("gate", from, "http.p.", environment_);
    EXPECT_TRUE(slot.ok()) << slot.status();
    return slot.ok() ? *slot : nullptr;
  }
  std::string error(const Source& from) {
    auto slot = configs_.http_filter("gate", from, "http.p.", environment_);
    return slot.ok() ? "" : std::string(slot.status().message());
  }
  uint64_t stat(const std::string& name) {
    return counter(stats_, "extension_config_discovery.http_filter.gate.",
                   ExtensionConfigStats::layout(), name);
  }

  observe::StatsStore stats_;
  config::ClusterSlots slots_;
  CompileEnvironment environment_{stats_, slots_};
  FakeServer server_;
  ResourceReader reader_;
  Ledger ledger_;
  ExtensionConfigs configs_{{server_, reader_, environment_, ledger_}};
  std::shared_ptr<InitSet> init_ = std::make_shared<InitSet>("l");
};

TEST_F(ExtensionConfigsTest, AListenerWaitsForTheConfiguration) {
  auto slot = get(source());
  EXPECT_EQ(slot->current(), nullptr);
  EXPECT_FALSE(init_->is_ready());
  EXPECT_THAT(server_.add("gate", {resource(config())})->rejected, IsEmpty());
  EXPECT_NE(slot->current(), nullptr);
  EXPECT_TRUE(init_->is_ready());
  EXPECT_EQ(stat("config_reload"), 1u);
  server_.add("gate", {resource(config(), "2")});
  EXPECT_EQ(stat("config_reload"), 1u);
}

TEST_F(ExtensionConfigsTest, TheDefaultIsInForceWhenNothingComesInTime) {
  auto slot = get(source(kDefault));
  EXPECT_EQ(slot->current(), nullptr);
  server_.time_out("gate");
  EXPECT_NE(slot->current(), nullptr);
  EXPECT_TRUE(init_->is_ready());
}

TEST_F(ExtensionConfigsTest, TheDefaultMayBeInForceAtOnce) {
  auto slot = get(source(kDefault + R"("applyDefaultConfigWithoutWarming": true,)"));
  EXPECT_NE(slot->current(), nullptr);
  EXPECT_TRUE(init_->is_ready());
}

TEST_F(ExtensionConfigsTest, ABadOneLeavesTheLastGoodOne) {
  auto slot = get(source());
  server_.add("gate", {resource(config())});
  auto before = slot->current();
  auto result =
      server_.add("gate", {resource(config(kFault, R"(, "abort": {"httpStatus": 99})"), "2")});
  EXPECT_THAT(result->rejected.at(0).reason, HasSubstr("http_status"));
  EXPECT_EQ(slot->current(), before);
  EXPECT_EQ(stat("config_fail"), 1u);
}

TEST_F(ExtensionConfigsTest, AnotherTypeThanExpectedIsRefused) {
  auto slot = get(source());
  auto result = server_.add("gate", {resource(config(kRouter))});
  EXPECT_THAT(result->rejected.at(0).reason,
              HasSubstr("Router but expect envoy.extensions.filters.http.fault.v3.HTTPFault"));
  EXPECT_TRUE(init_->is_ready());  // one bad filter does not keep the listener away
}

TEST_F(ExtensionConfigsTest, WhatIsTakenBackFallsBackToTheDefault) {
  auto slot = get(source());
  server_.add("gate", {resource(config())});
  server_.update("gate", {"", "2", {}, {"gate"}, false});
  EXPECT_EQ(slot->current(), nullptr);
}

TEST_F(ExtensionConfigsTest, ADefaultThatCannotBeUsedIsTheListenersError) {
  EXPECT_THAT(error(source(fmt::format(R"("defaultConfig": {{"@type": "{}"}},)", kRouter))),
              HasSubstr("default_config: Error: filter config has type URL"));
  EXPECT_THAT(error(source(R"("applyDefaultConfigWithoutWarming": true,)")),
              HasSubstr("without a default_config"));
}

TEST_F(ExtensionConfigsTest, WhatNobodyNeedsIsNotAskedForAnyMore) {
  auto slot = get(source());
  slot.reset();
  configs_.sweep();
  EXPECT_FALSE(server_.asks_for("gate"));
}

}  // namespace
}  // namespace outrigger::xds::test
