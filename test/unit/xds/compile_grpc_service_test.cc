// Who serves gRPC calls: clusters of the configuration, and those made from google_grpc.
#include "xds/compile_grpc_service.h"

#include "google/protobuf/text_format.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/xds/load_helpers.h"
#include "xds/google_grpc_cluster.h"

namespace outrigger::xds {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class GrpcServiceTest : public ::testing::Test {
 protected:
  absl::StatusOr<config::GrpcService> compile(
      const std::string& text, const std::function<bool(std::string_view)>& exists = nullptr) {
    envoy::config::core::v3::GrpcService service;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &service)) << text;
    return compile_grpc_service(service, environment_, exists);
  }
  std::string error(const std::string& text) {
    return std::string(compile(text).status().message());
  }
  // A google_grpc with these fields.
  absl::StatusOr<config::GrpcService> google(const std::string& fields) {
    return compile("google_grpc {stat_prefix: 's' " + fields + "}");
  }
  std::string google_error(const std::string& fields) {
    return std::string(google(fields).status().message());
  }

  testing::KeepingRegistry stats_;
  config::ClusterSlots slots_;
  CompileEnvironment environment_{stats_, slots_};
};

TEST_F(GrpcServiceTest, EnvoyGrpcNamesACluster) {
  auto service = compile(R"(envoy_grpc {cluster_name: 'xds' authority: 'a' skip_envoy_headers: true
      max_receive_message_length {value: 7}
      retry_policy {retry_back_off {base_interval {nanos: 250000000} max_interval {seconds: 9}}}}
      timeout {seconds: 2}
      initial_metadata {key: 'X-Token' value: '100%%'})");
  ASSERT_TRUE(service.ok()) << service.status();
  EXPECT_EQ(service->cluster.name, "xds");
  EXPECT_EQ(service->cluster.slot, slots_.ref("xds").slot);
  EXPECT_EQ(service->own_cluster, nullptr);
  EXPECT_EQ(service->authority, "a");
  EXPECT_EQ(service->max_receive_message_bytes, 7u);
  EXPECT_FALSE(service->envoy_headers);
  EXPECT_EQ(service->timeout, milliseconds(2000));
  EXPECT_EQ(service->retry_base, milliseconds(250));
  EXPECT_EQ(service->retry_max, milliseconds(9000));
  EXPECT_THAT(service->initial_metadata, ElementsAre(Pair("x-token", "100%")));
  EXPECT_TRUE(compile("envoy_grpc {cluster_name: 'xds'}")->envoy_headers);
}

TEST_F(GrpcServiceTest, TheClusterMustExistWhereThatIsKnown) {
  auto none = [](std::string_view) { return false; };
  EXPECT_EQ(compile("envoy_grpc {cluster_name: 'xds'}", none).status().message(),
            "envoy_grpc.cluster_name: unknown cluster 'xds'");
}

TEST_F(GrpcServiceTest, SomebodyMustServe) {
  EXPECT_THAT(error(""), HasSubstr("needs envoy_grpc or google_grpc"));
}

TEST_F(GrpcServiceTest, MetadataOfRequestsHasNoMeaningHere) {
  EXPECT_THAT(error("envoy_grpc {cluster_name: 'x'} initial_metadata {key: 'a' value: '%ID%'}"),
              HasSubstr("initial_metadata[0].value: '%ID%' has a command operator"));
  EXPECT_THAT(error("envoy_grpc {cluster_name: 'x'} initial_metadata {key: ':path' value: 'a'}"),
              HasSubstr("initial_metadata[0].key: ':path' cannot be set"));
}

TEST_F(GrpcServiceTest, GoogleGrpcMakesAClusterOfItsOwn) {
  std::vector<config::ClusterPtr> own;
  environment_.own_cluster = [&](const config::ClusterPtr& cluster) { own.push_back(cluster); };
  auto service = google("target_uri: '127.0.0.1:18000'");
  ASSERT_TRUE(service.ok()) << service.status();
  const config::Cluster& cluster = *service->own_cluster;
  EXPECT_EQ(cluster.http->version, config::UpstreamHttp::Version::http2);
  EXPECT_EQ(cluster.discovery, config::Cluster::Discovery::static_);
  EXPECT_EQ(cluster.endpoints->localities.at(0).endpoints.at(0)->address.text(), "127.0.0.1:18000");
  EXPECT_EQ(cluster.transport_socket->tls, nullptr);
  EXPECT_EQ(cluster.stats->prefix(), "cluster.google_grpc.s.");
  EXPECT_EQ(service->authority, "127.0.0.1:18000");
  EXPECT_EQ(service->stat_prefix, "s");
  EXPECT_FALSE(service->envoy_headers);
  EXPECT_EQ(service->cluster.slot, cluster.ref.slot);
  EXPECT_THAT(own, ElementsAre(service->own_cluster));
  // Equal messages share it, others do not.
  EXPECT_EQ(google("target_uri: '127.0.0.1:18000'")->cluster.slot, cluster.ref.slot);
  EXPECT_NE(google("target_uri: '127.0.0.1:18001'")->cluster.slot, cluster.ref.slot);
}

TEST_F(GrpcServiceTest, NamesAreResolvedAndSocketsAreTaken) {
  auto named = google("target_uri: 'dns:///xds.example:99'");
  ASSERT_TRUE(named.ok()) << named.status();
  EXPECT_EQ(named->own_cluster->discovery, config::Cluster::Discovery::logical_dns);
  EXPECT_EQ(named->own_cluster->dns->targets.at(0).name, "xds.example");
  EXPECT_EQ(named->own_cluster->dns->targets.at(0).port, 99);
  EXPECT_EQ(named->authority, "xds.example:99");
  auto path = google("target_uri: 'unix:etc/XDS'");
  ASSERT_TRUE(path.ok()) << path.status();
  EXPECT_EQ(path->own_cluster->endpoints->localities.at(0).endpoints.at(0)->address.text(),
            "etc/XDS");
  EXPECT_EQ(path->authority, "localhost");
}

TEST_F(GrpcServiceTest, ChannelArgsAreTakenOrRefusedByName) {
  auto service = google(R"(target_uri: '[::1]:1'
      channel_args {args {key: 'grpc.keepalive_time_ms' value {int_value: 30000}}
                    args {key: 'grpc.max_receive_message_length' value {int_value: 12}}
                    args {key: 'grpc.default_authority' value {string_value: 'me'}}
                    args {key: 'grpc.http2.max_pings_without_data' value {int_value: 0}}})");
  ASSERT_TRUE(service.ok()) << service.status();
  EXPECT_EQ(service->own_cluster->http->http2.ping_interval, milliseconds(30000));
  EXPECT_EQ(service->own_cluster->http->http2.ping_timeout, milliseconds(20000));
  EXPECT_EQ(service->max_receive_message_bytes, 12u);
  EXPECT_EQ(service->authority, "me");
  EXPECT_EQ(google_error("target_uri: 'a:1' channel_args {args {key: 'grpc.service_config' value "
                         "{string_value: '{}'}}}"),
            "google_grpc.channel_args.args[\"grpc.service_config\"]: is not supported by "
            "Outrigger");
}

TEST_F(GrpcServiceTest, CredentialsAreTakenOrRefusedByName) {
  auto token = google("target_uri: 'unix:a' call_credentials {access_token: 't'}");
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_THAT(token->initial_metadata, ElementsAre(Pair("authorization", "Bearer t")));
  EXPECT_THAT(google_error("target_uri: 'a' call_credentials {google_compute_engine {}}"),
              HasSubstr("google_grpc.call_credentials[0]: only access_token"));
  EXPECT_THAT(google_error("target_uri: 'a' channel_credentials {google_default {}}"),
              HasSubstr("google_grpc.channel_credentials.google_default: is not supported"));
  EXPECT_TRUE(google("target_uri: '127.0.0.1:1' channel_credentials {local_credentials {}}").ok());
  EXPECT_THAT(google_error("target_uri: '10.0.0.1:1' channel_credentials {local_credentials {}}"),
              HasSubstr("neither a Unix socket nor a loopback address"));
}

TEST(GrpcTarget, Forms) {
  auto host = [](std::string_view uri) {
    auto target = parse_grpc_target(uri);
    return target.ok() ? target->hosts.at(0) : std::pair<std::string, uint16_t>("", 0);
  };
  EXPECT_THAT(host("dns:///a.b:80"), Pair("a.b", 80));
  EXPECT_THAT(host("dns:a.b:80"), Pair("a.b", 80));
  EXPECT_THAT(host("a.b:80"), Pair("a.b", 80));
  EXPECT_THAT(host("a.b"), Pair("a.b", 443));
  EXPECT_THAT(host("[::1]:80"), Pair("::1", 80));
  EXPECT_THAT(host("::1"), Pair("::1", 443));
  EXPECT_THAT(host("unix:///run/x"), Pair("/run/x", 0));
  EXPECT_THAT(host("unix:run/x"), Pair("run/x", 0));
  EXPECT_THAT(host("unix-abstract:x"), Pair("@x", 0));
  EXPECT_THAT(host("ipv4:10.0.0.1:1"), Pair("10.0.0.1", 1));
  EXPECT_EQ(parse_grpc_target("ipv4:10.0.0.1:1,10.0.0.2:2")->hosts.size(), 2u);
  for (const char* wrong :
       {"", "a:0", "a:65536", "a:b", ":80", "[a]:80", "[::1:80", "dns://8.8.8.8/a:80", "xds:///a",
        "unix:", "unix://relative", "ipv4:a:80", "ipv6:10.0.0.1:1", "ipv4:"})
    EXPECT_FALSE(parse_grpc_target(wrong).ok()) << wrong;
}

}  // namespace
}  // namespace outrigger::xds
