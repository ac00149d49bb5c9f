// What the on_demand filter's configuration becomes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "envoy/extensions/filters/http/on_demand/v3/on_demand.pb.h"

#include "api/filter/host_demand.h"
#include "test/unit/filters/fixture.h"

namespace outrigger::filters::test {
namespace {

using envoy::extensions::filters::http::on_demand::v3::OnDemand;
using envoy::extensions::filters::http::on_demand::v3::PerRouteConfig;

class SilentDemand final : public ClusterDemand {
 public:
  void ask(std::string, std::chrono::milliseconds, std::function<void()>) const override {}
};

class OnDemandConfigTest : public FilterTest {
 protected:
  const OnDemandClusters& clusters(const std::string& text) {
    factory_ = *try_compile<OnDemand>(text);
    return dynamic_cast<const OnDemandFactory&>(*factory_).clusters();
  }
  std::shared_ptr<const HttpFilterFactory> factory_;
};

TEST_F(OnDemandConfigTest, AsksForNoClustersWithoutOdcds) {
  EXPECT_EQ(clusters("").demand, nullptr);
}

TEST_F(OnDemandConfigTest, WaitsForFiveSecondsUnlessItSaysOtherwise) {
  compile_context.demand = std::make_shared<SilentDemand>();
  EXPECT_EQ(clusters("odcds { source { ads {} } }").timeout, std::chrono::seconds(5));
  EXPECT_EQ(clusters("odcds { source { ads {} } timeout { nanos: 300000000 } }").timeout,
            std::chrono::milliseconds(300));
  EXPECT_EQ(clusters("odcds { source { ads {} } }").demand, compile_context.demand);
}

TEST_F(OnDemandConfigTest, ARouteHasItsOwn) {
  compile_context.demand = std::make_shared<SilentDemand>();
  const auto* with = dynamic_cast<const OnDemandRouteConfig*>(
      route_config<PerRouteConfig>("odcds { source { ads {} } timeout { seconds: 1 } }"));
  EXPECT_EQ(with->clusters().demand, compile_context.demand);
  EXPECT_EQ(with->clusters().timeout, std::chrono::seconds(1));
  const auto* without = dynamic_cast<const OnDemandRouteConfig*>(route_config<PerRouteConfig>(""));
  EXPECT_EQ(without->clusters().demand, nullptr);
}

TEST_F(OnDemandConfigTest, ASourceThatCannotBeAskedIsNamed) {
  auto refused = try_compile<OnDemand>("odcds { source { ads {} } }");
  EXPECT_EQ(std::string(refused.status().message()), "odcds.source: no such source");
}

}  // namespace
}  // namespace outrigger::filters::test
