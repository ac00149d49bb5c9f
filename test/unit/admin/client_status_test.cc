// The client status discovery service and the framing of gRPC messages.
#include "proxy/admin/client_status.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "envoy/config/cluster/v3/cluster.pb.h"
#include "envoy/extensions/transport_sockets/tls/v3/secret.pb.h"
#include "envoy/service/status/v3/csds.pb.h"

#include "proxy/admin/dynamic_dumps.h"
#include "proxy/admin/grpc_service.h"
#include "test/unit/admin/fake_server.h"

namespace outrigger::admin {
namespace {

using envoy::service::status::v3::ClientStatusRequest;
using envoy::service::status::v3::ClientStatusResponse;
using ::testing::HasSubstr;

class ClientStatus : public ::testing::Test {
 protected:
  void SetUp() override {
    server_.proto.mutable_node()->set_id("n1");
    envoy::config::cluster::v3::Cluster cluster;
    cluster.set_name("a");
    body_.PackFrom(cluster);
    ResourceTypeStatus& clusters = server_.dynamic[std::string(kClusterType)];
    clusters.resources.resize(4);
    ResourceVersion version{body_.type_url(), body_.value(), "1", server_.bootstrap_loaded_at()};
    clusters.resources[0].name = "acked";
    clusters.resources[0].active = version;
    clusters.resources[1].name = "nacked";
    clusters.resources[1].active = version;
    clusters.resources[1].rejected = version;
    clusters.resources[1].rejected->version = "2";
    clusters.resources[1].rejected_because = "why";
    clusters.resources[2].name = "requested";
    clusters.resources[3].name = "missing";
    clusters.resources[3].does_not_exist = true;
  }
  ClientStatusResponse ask(const ClientStatusRequest& request = {}) {
    auto octets = client_status(request.SerializeAsString(), server_);
    EXPECT_TRUE(octets.ok()) << octets.status();
    ClientStatusResponse response;
    EXPECT_TRUE(octets.ok() && response.ParseFromString(*octets));
    return response;
  }

  google::protobuf::Any body_;
  FakeServer server_;
};

TEST_F(ClientStatus, SaysWhatBecameOfEachResource) {
  ClientStatusResponse response = ask();
  ASSERT_EQ(response.config_size(), 1);
  EXPECT_EQ(response.config(0).node().id(), "n1");
  const auto& entries = response.config(0).generic_xds_configs();
  ASSERT_EQ(entries.size(), 4);
  EXPECT_EQ(entries[0].type_url(), kClusterType);
  EXPECT_EQ(entries[0].name(), "acked");
  EXPECT_EQ(entries[0].version_info(), "1");
  EXPECT_EQ(entries[0].client_status(), envoy::admin::v3::ACKED);
  EXPECT_EQ(entries[0].config_status(), envoy::service::status::v3::SYNCED);
  EXPECT_TRUE(entries[0].has_xds_config());
  EXPECT_EQ(entries[1].client_status(), envoy::admin::v3::NACKED);
  EXPECT_EQ(entries[1].version_info(), "1");
  EXPECT_EQ(entries[1].error_state().version_info(), "2");
  EXPECT_EQ(entries[1].error_state().details(), "why");
  EXPECT_EQ(entries[2].client_status(), envoy::admin::v3::REQUESTED);
  EXPECT_EQ(entries[3].client_status(), envoy::admin::v3::DOES_NOT_EXIST);
}

TEST_F(ClientStatus, LeavesContentsOutIfAsked) {
  ClientStatusRequest request;
  request.set_exclude_resource_contents(true);
  ClientStatusResponse response = ask(request);
  const auto& entries = response.config(0).generic_xds_configs();
  EXPECT_FALSE(entries[0].has_xds_config());
  EXPECT_FALSE(entries[1].error_state().has_failed_configuration());
  EXPECT_EQ(entries[1].error_state().details(), "why");
}

TEST_F(ClientStatus, RefusesMatchersAndWhatIsNoRequest) {
  ClientStatusRequest request;
  request.add_node_matchers();
  EXPECT_THAT(std::string(client_status(request.SerializeAsString(), server_).status().message()),
              HasSubstr("node_matchers are not supported"));
  EXPECT_FALSE(client_status("\xff\xff", server_).ok());
}

TEST_F(ClientStatus, RedactsSecrets) {
  envoy::extensions::transport_sockets::tls::v3::Secret secret;
  secret.mutable_tls_certificate()->mutable_private_key()->set_inline_bytes("PRIVATE");
  body_.PackFrom(secret);
  for (ResourceStatus& one : server_.dynamic[std::string(kClusterType)].resources) {
    for (auto* version : {&one.active, &one.rejected}) {
      if (!*version) continue;
      (*version)->type_url = body_.type_url();
      (*version)->body = body_.value();
    }
  }
  EXPECT_THAT(ask().SerializeAsString(), ::testing::Not(HasSubstr("PRIVATE")));
}

TEST(GrpcMessage, IsTakenWhenItIsWhole) {
  std::string buffer = grpc_frame("one") + grpc_frame("");
  std::string cut = buffer.substr(0, 7);
  std::string message;
  EXPECT_FALSE(*take_grpc_message(cut, 100, message));
  EXPECT_EQ(cut.size(), 7u);
  ASSERT_TRUE(*take_grpc_message(buffer, 100, message));
  EXPECT_EQ(message, "one");
  ASSERT_TRUE(*take_grpc_message(buffer, 100, message));
  EXPECT_EQ(message, "");
  EXPECT_FALSE(*take_grpc_message(buffer, 100, message));
}

TEST(GrpcMessage, IsRefusedIfCompressedOrTooLong) {
  std::string message;
  std::string compressed = "\x01" + grpc_frame("x").substr(1);
  EXPECT_EQ(take_grpc_message(compressed, 100, message).status().code(),
            absl::StatusCode::kUnimplemented);
  std::string long_one = grpc_frame("xxxxx");
  EXPECT_EQ(take_grpc_message(long_one, 4, message).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(GrpcMessage, ContentTypesAndPercentEncoding) {
  EXPECT_TRUE(is_grpc("application/grpc"));
  EXPECT_TRUE(is_grpc("application/grpc+proto"));
  EXPECT_FALSE(is_grpc("application/grpc-web"));
  EXPECT_FALSE(is_grpc("application/json"));
  EXPECT_EQ(grpc_percent_encode("50% \n"), "50%25 %0A");
}

}  // namespace
}  // namespace outrigger::admin
