// /config_dump and /init_dump of what management servers sent.
#include <list>

#include "gmock/gmock.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"

#include "envoy/admin/v3/config_dump.pb.h"
#include "envoy/config/cluster/v3/cluster.pb.h"
#include "envoy/config/core/v3/extension.pb.h"
#include "envoy/config/endpoint/v3/endpoint.pb.h"
#include "envoy/config/route/v3/scoped_route.pb.h"
#include "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h"
#include "envoy/extensions/transport_sockets/tls/v3/secret.pb.h"

#include "proxy/admin/dynamic_dumps.h"
#include "proxy/admin/pages.h"
#include "test/unit/admin/fake_server.h"

namespace outrigger::admin {
namespace {

using envoy::admin::v3::ConfigDump;
using ::testing::HasSubstr;
using ::testing::Not;
using HttpConnectionManagerProto =
    envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;

class DynamicDump : public ::testing::Test {
 protected:
  // Borrowed by the fake's statuses.
  std::list<google::protobuf::Any> bodies_;
  FakeServer server_;

  template <class Message>
  ResourceVersion version(const Message& message, std::string_view version) {
    bodies_.emplace_back().PackFrom(message);
    const google::protobuf::Any& body = bodies_.back();
    return {body.type_url(), body.value(), version, server_.bootstrap_loaded_at()};
  }
  ResourceStatus& add(std::string_view type, std::string_view name) {
    auto [at, added] = server_.dynamic.try_emplace(std::string(type));
    if (added) at->second.type_url = type;
    at->second.version = "v9";
    at->second.resources.emplace_back().name = name;
    return at->second.resources.back();
  }
  static envoy::config::cluster::v3::Cluster cluster(const std::string& name) {
    envoy::config::cluster::v3::Cluster message;
    message.set_name(name);
    return message;
  }
  static envoy::config::listener::v3::Listener listener(const std::string& name) {
    envoy::config::listener::v3::Listener message;
    message.set_name(name);
    return message;
  }

  std::string get(const std::string& path_and_query) {
    size_t question = path_and_query.find('?');
    Request request{"GET", path_and_query.substr(0, question), {}};
    if (question != std::string::npos)
      request.params.add(path_and_query.substr(question + 1), false);
    Response response = answer(request, server_);
    EXPECT_EQ(response.status, 200) << path_and_query;
    return whole_body(response);
  }
  template <class Message>
  Message part(const std::string& query = "") {
    ConfigDump dump;
    std::string json = get("/config_dump" + query);
    auto status = google::protobuf::util::JsonStringToMessage(json, &dump);
    EXPECT_TRUE(status.ok()) << status.ToString() << "\n" << json;
    Message message;
    for (const auto& config : dump.configs()) {
      if (config.UnpackTo(&message)) return message;
    }
    ADD_FAILURE() << "no " << message.GetTypeName() << " in\n" << json;
    return message;
  }
};

TEST_F(DynamicDump, ARejectedClusterStandsBesideTheLastGoodOne) {
  ResourceStatus& good = add(kClusterType, "a");
  good.active = version(cluster("a"), "1");
  good.rejected = version(cluster("a"), "2");
  good.rejected_because = "Cluster a: connect_timeout: must be above 0";
  ResourceStatus& warming = add(kClusterType, "b");
  warming.warming = version(cluster("b"), "2");
  ResourceStatus& never_good = add(kClusterType, "c");
  never_good.rejected = version(cluster("c"), "2");
  never_good.rejected_because = "no";

  auto dump = part<envoy::admin::v3::ClustersConfigDump>();
  EXPECT_EQ(dump.version_info(), "v9");
  ASSERT_EQ(dump.dynamic_active_clusters_size(), 1);
  const auto& active = dump.dynamic_active_clusters(0);
  EXPECT_EQ(active.version_info(), "1");
  EXPECT_EQ(active.error_state().version_info(), "2");
  EXPECT_EQ(active.error_state().details(), "Cluster a: connect_timeout: must be above 0");
  EXPECT_EQ(active.error_state().last_update_attempt().seconds(), 1'700'000'000);
  EXPECT_TRUE(
      active.error_state().failed_configuration().Is<envoy::config::cluster::v3::Cluster>());
  EXPECT_EQ(active.client_status(), envoy::admin::v3::NACKED);
  ASSERT_EQ(dump.dynamic_warming_clusters_size(), 2);
  EXPECT_FALSE(dump.dynamic_warming_clusters(0).has_error_state());
  // Readers take it for granted that there is a cluster.
  EXPECT_TRUE(dump.dynamic_warming_clusters(1).has_cluster());
  EXPECT_EQ(dump.dynamic_warming_clusters(1).error_state().details(), "no");
}

TEST_F(DynamicDump, AListenerHasOneEntryWithItsStates) {
  ResourceStatus& one = add(kListenerType, "l");
  one.active = version(listener("l"), "1");
  one.warming = version(listener("l"), "2");
  one.draining = version(listener("l"), "0");
  one.rejected = version(listener("l"), "3");
  add(kListenerType, "asked for, not there");
  auto dump = part<envoy::admin::v3::ListenersConfigDump>();
  EXPECT_EQ(dump.version_info(), "v9");
  ASSERT_EQ(dump.dynamic_listeners_size(), 1);
  const auto& entry = dump.dynamic_listeners(0);
  EXPECT_EQ(entry.name(), "l");
  EXPECT_EQ(entry.active_state().version_info(), "1");
  EXPECT_EQ(entry.warming_state().version_info(), "2");
  EXPECT_EQ(entry.draining_state().version_info(), "0");
  EXPECT_EQ(entry.error_state().version_info(), "3");
}

TEST_F(DynamicDump, RoutesInsideOfDynamicListenersAreStaticAndDiscoveredOnesDynamic) {
  HttpConnectionManagerProto http;
  http.mutable_route_config()->set_name("inline");
  auto message = listener("l");
  message.add_filter_chains()->add_filters()->mutable_typed_config()->PackFrom(http);
  add(kListenerType, "l").active = version(message, "1");
  envoy::config::route::v3::RouteConfiguration table;
  table.set_name("discovered");
  add(kRouteType, "discovered").active = version(table, "7");
  ResourceStatus& bad = add(kRouteType, "bad");
  bad.rejected = version(table, "8");
  auto dump = part<envoy::admin::v3::RoutesConfigDump>();
  ASSERT_EQ(dump.static_route_configs_size(), 1);
  ASSERT_EQ(dump.dynamic_route_configs_size(), 2);
  EXPECT_EQ(dump.dynamic_route_configs(0).version_info(), "7");
  ASSERT_TRUE(dump.dynamic_route_configs(1).route_config().UnpackTo(&table));
  EXPECT_EQ(table.name(), "bad");
  EXPECT_EQ(table.virtual_hosts_size(), 0);
}

TEST_F(DynamicDump, ScopesStandUnderTheNameOfTheirSet) {
  HttpConnectionManagerProto http;
  http.mutable_scoped_routes()->set_name("set");
  http.mutable_scoped_routes()->mutable_scoped_rds();
  auto* held = server_.proto.mutable_static_resources()->add_listeners();
  held->add_filter_chains()->add_filters()->mutable_typed_config()->PackFrom(http);
  envoy::config::route::v3::ScopedRouteConfiguration scope;
  scope.set_name("s");
  add(kScopedRouteType, "s").active = version(scope, "1");
  auto dump = part<envoy::admin::v3::ScopedRoutesConfigDump>();
  ASSERT_EQ(dump.dynamic_scoped_route_configs_size(), 1);
  EXPECT_EQ(dump.dynamic_scoped_route_configs(0).name(), "set");
  EXPECT_EQ(dump.dynamic_scoped_route_configs(0).version_info(), "v9");
  EXPECT_EQ(dump.dynamic_scoped_route_configs(0).scoped_route_configs_size(), 1);
}

TEST_F(DynamicDump, SecretsAreRedactedAndThoseToComeAreUninitialized) {
  envoy::extensions::transport_sockets::tls::v3::Secret secret;
  secret.set_name("default");
  secret.mutable_tls_certificate()->mutable_private_key()->set_inline_bytes("PRIVATE");
  secret.mutable_tls_certificate()->mutable_certificate_chain()->set_inline_bytes("PUBLIC");
  ResourceStatus& good = add(kSecretType, "default");
  good.active = version(secret, "1");
  good.rejected = version(secret, "2");
  add(kSecretType, "ROOTCA");
  auto dump = part<envoy::admin::v3::SecretsConfigDump>();
  ASSERT_EQ(dump.dynamic_active_secrets_size(), 1);
  ASSERT_TRUE(dump.dynamic_active_secrets(0).secret().UnpackTo(&secret));
  EXPECT_EQ(secret.tls_certificate().private_key().inline_bytes(), "[redacted]");
  EXPECT_EQ(secret.tls_certificate().certificate_chain().inline_bytes(), "PUBLIC");
  ASSERT_TRUE(
      dump.dynamic_active_secrets(0).error_state().failed_configuration().UnpackTo(&secret));
  EXPECT_EQ(secret.tls_certificate().private_key().inline_bytes(), "[redacted]");
  ASSERT_EQ(dump.dynamic_warming_secrets_size(), 1);
  EXPECT_EQ(dump.dynamic_warming_secrets(0).name(), "ROOTCA");
  EXPECT_EQ(dump.dynamic_warming_secrets(0).version_info(), "uninitialized");
}

TEST_F(DynamicDump, ExtensionsHaveAPartOnlyIfThereAreAny) {
  EXPECT_THAT(get("/config_dump"), Not(HasSubstr("EcdsConfigDump")));
  envoy::config::core::v3::TypedExtensionConfig extension;
  extension.set_name("f");
  add(kExtensionType, "f").active = version(extension, "1");
  auto dump = part<envoy::admin::v3::EcdsConfigDump>();
  ASSERT_EQ(dump.ecds_filters_size(), 1);
  EXPECT_EQ(dump.ecds_filters(0).version_info(), "1");
}

TEST_F(DynamicDump, NamesAndResourcesAreFiltered) {
  add(kClusterType, "a").active = version(cluster("a"), "1");
  add(kClusterType, "b").active = version(cluster("b"), "1");
  EXPECT_EQ(
      part<envoy::admin::v3::ClustersConfigDump>("?name_regex=b").dynamic_active_clusters_size(),
      1);
  auto entry = part<envoy::admin::v3::ClustersConfigDump::DynamicCluster>(
      "?resource=dynamic_active_clusters&mask=version_info");
  EXPECT_EQ(entry.version_info(), "1");
  EXPECT_FALSE(entry.has_cluster());
}

TEST_F(DynamicDump, EndpointsOfDynamicClustersAreDynamicAndHaveTheirMetadata) {
  server_.add_cluster("eds", "10.0.0.1", 80);
  server_.known_clusters[0].added_via_api = true;
  server_.proto.clear_static_resources();
  auto message = cluster("eds");
  message.mutable_eds_cluster_config()->set_service_name("service");
  add(kClusterType, "eds").active = version(message, "1");
  envoy::config::endpoint::v3::ClusterLoadAssignment assignment;
  auto* endpoint = assignment.add_endpoints()->add_lb_endpoints();
  auto* socket = endpoint->mutable_endpoint()->mutable_address()->mutable_socket_address();
  socket->set_address("10.0.0.1");
  socket->set_port_value(80);
  (*endpoint->mutable_metadata()->mutable_filter_metadata())["istio"];
  add(kEndpointType, "service").active = version(assignment, "1");
  auto dump = part<envoy::admin::v3::EndpointsConfigDump>("?include_eds");
  ASSERT_EQ(dump.dynamic_endpoint_configs_size(), 1);
  ASSERT_TRUE(dump.dynamic_endpoint_configs(0).endpoint_config().UnpackTo(&assignment));
  EXPECT_EQ(assignment.cluster_name(), "eds");
  EXPECT_EQ(assignment.endpoints(0).lb_endpoints(0).metadata().filter_metadata_size(), 1);
}

TEST_F(DynamicDump, InitDumpNamesWhatIsWaitedFor) {
  server_.unready = {{"init manager Listener l", {"RdsRouteConfigSubscription init r"}},
                     {"init manager Server", {"LDS"}}};
  EXPECT_EQ(get("/init_dump?mask=listener"), R"({
 "unready_targets_dumps": [
  {
   "name": "init manager Listener l",
   "target_names": [
    "RdsRouteConfigSubscription init r"
   ]
  }
 ]
}
)");
  EXPECT_THAT(get("/init_dump"), HasSubstr("init manager Server"));
}

}  // namespace
}  // namespace outrigger::admin
