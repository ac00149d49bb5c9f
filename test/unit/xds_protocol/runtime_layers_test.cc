// Layers of the runtime that a management server sends.
#include "xds/dynamic/runtime_layers.h"

#include "google/protobuf/text_format.h"

#include "envoy/service/runtime/v3/rtds.pb.h"

#include "test/unit/xds_protocol/fixture.h"

namespace outrigger::xds {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class NotedLayers final : public RuntimeSink {
 public:
  void set_layer(const config::Bootstrap::RuntimeLayer& layer) override { layers.push_back(layer); }
  std::vector<config::Bootstrap::RuntimeLayer> layers;
};

class RuntimeLayersTest : public ProtocolTest {
 protected:
  void SetUp() override {
    start_ads(api(ApiConfigSource::GRPC));
    envoy::config::bootstrap::v3::LayeredRuntime runtime;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
        "layers { name: 'static' static_layer {} } layers { name: 'live' rtds_layer { name: 'r' "
        "rtds_config { ads {} } } }",
        &runtime));
    absl::Status status = layers_.start(runtime, *init_);
    ASSERT_TRUE(status.ok()) << status;
    clock.turn();
  }
  void send(const std::string& version, const std::string& layer) {
    envoy::service::runtime::v3::Runtime runtime;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString("name: 'r' layer { " + layer + " }",
                                                              &runtime));
    envoy::service::discovery::v3::DiscoveryResponse response;
    response.set_type_url(std::string(kRuntimeType));
    response.set_version_info(version);
    response.add_resources()->PackFrom(runtime);
    server.answer(response);
  }

  NotedLayers sink_;
  ResourceReader reader_;
  std::shared_ptr<InitSet> init_ = std::make_shared<InitSet>("runtime");
  RuntimeLayers layers_{sources, reader_, stats, ledger, sink_};
};

TEST_F(RuntimeLayersTest, GoToTheSinkByName) {
  EXPECT_THAT(init_->unready(), ElementsAre("RTDS r"));
  EXPECT_THAT(server.request().resource_names(), ElementsAre("r"));
  send("1",
       "fields { key: 'a' value { struct_value { fields { key: 'b' value { number_value: 2 } } } } "
       "}");
  ASSERT_EQ(sink_.layers.size(), 1u);
  EXPECT_EQ(sink_.layers[0].name, "live");
  EXPECT_THAT(sink_.layers[0].values, UnorderedElementsAre(Pair("a.b", "2")));
  EXPECT_TRUE(init_->is_ready());
}

TEST_F(RuntimeLayersTest, RejectWhatIsNoValue) {
  server.last().sent.clear();
  send("1", "fields { key: 'a' value { list_value {} } }");
  EXPECT_TRUE(sink_.layers.empty());
  EXPECT_THAT(server.request().error_detail().message(), HasSubstr("r: layer.a: a runtime value"));
  EXPECT_TRUE(init_->is_ready());
}

}  // namespace
}  // namespace outrigger::xds
