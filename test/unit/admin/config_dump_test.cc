// /config_dump: its parts, parameters and errors; pieces against the whole; secrets.
#include "gmock/gmock.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"

#include "envoy/admin/v3/config_dump.pb.h"
#include "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h"

#include "proxy/admin/json.h"
#include "proxy/admin/json_pieces.h"
#include "proxy/admin/pages.h"
#include "proxy/admin/redact.h"
#include "test/unit/admin/fake_server.h"

namespace outrigger::admin {
namespace {

using envoy::admin::v3::ConfigDump;
using ::testing::HasSubstr;
using ::testing::Not;
using HttpConnectionManagerProto =
    envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;

class ConfigDumpPage : public ::testing::Test {
 protected:
  void SetUp() override {
    server_.proto.mutable_node()->set_id("n1");
    server_.add_cluster("backend", "127.0.0.1", 80);
    server_.add_cluster("other", "::1", 81);
    HttpConnectionManagerProto http;
    http.set_stat_prefix("in");
    http.mutable_route_config()->set_name("local");
    http.mutable_route_config()->add_virtual_hosts()->set_name("v");
    auto* listener = server_.proto.mutable_static_resources()->add_listeners();
    listener->set_name("l1");
    auto* filter = listener->add_filter_chains()->add_filters();
    filter->set_name("envoy.filters.network.http_connection_manager");
    filter->mutable_typed_config()->PackFrom(http);
  }

  std::string get(const std::string& query, int status = 200) {
    Request request{"GET", "/config_dump", {}};
    request.params.add(query, false);
    Response response = answer(request, server_);
    EXPECT_EQ(response.status, status) << query;
    return whole_body(response);
  }

  ConfigDump dump(const std::string& query) {
    ConfigDump dump;
    std::string json = get(query);
    auto status = google::protobuf::util::JsonStringToMessage(json, &dump);
    EXPECT_TRUE(status.ok()) << status.ToString() << "\n" << json;
    return dump;
  }

  static std::vector<std::string> types(const ConfigDump& dump) {
    std::vector<std::string> names;
    for (const auto& config : dump.configs()) {
      names.push_back(config.type_url().substr(config.type_url().rfind('.') + 1));
    }
    return names;
  }

  template <class Message>
  static Message config(const ConfigDump& dump, int i) {
    Message message;
    EXPECT_TRUE(dump.configs(i).UnpackTo(&message));
    return message;
  }

  FakeServer server_;
};

TEST_F(ConfigDumpPage, HasAPartForEachKind) {
  ConfigDump all = dump("");
  EXPECT_THAT(types(all), ::testing::ElementsAre("BootstrapConfigDump", "ClustersConfigDump",
                                                 "ListenersConfigDump", "ScopedRoutesConfigDump",
                                                 "RoutesConfigDump", "SecretsConfigDump"));
  auto bootstrap = config<envoy::admin::v3::BootstrapConfigDump>(all, 0);
  EXPECT_EQ(bootstrap.bootstrap().SerializeAsString(), server_.proto.SerializeAsString());
  EXPECT_EQ(bootstrap.last_updated().seconds(), 1'700'000'000);
  EXPECT_EQ(bootstrap.last_updated().nanos(), 123'000'000);
  auto clusters = config<envoy::admin::v3::ClustersConfigDump>(all, 1);
  ASSERT_EQ(clusters.static_clusters_size(), 2);
  envoy::config::cluster::v3::Cluster cluster;
  ASSERT_TRUE(clusters.static_clusters(1).cluster().UnpackTo(&cluster));
  EXPECT_EQ(cluster.name(), "other");
  EXPECT_EQ(config<envoy::admin::v3::ListenersConfigDump>(all, 2).static_listeners_size(), 1);
  auto routes = config<envoy::admin::v3::RoutesConfigDump>(all, 4);
  ASSERT_EQ(routes.static_route_configs_size(), 1);
  envoy::config::route::v3::RouteConfiguration table;
  ASSERT_TRUE(routes.static_route_configs(0).route_config().UnpackTo(&table));
  EXPECT_EQ(table.name(), "local");
}

TEST_F(ConfigDumpPage, EndpointsOnlyWhenAskedFor) {
  auto* loaded =
      server_.proto.mutable_static_resources()->mutable_clusters(0)->mutable_load_assignment();
  (*loaded->mutable_endpoints(0)
        ->mutable_lb_endpoints(0)
        ->mutable_metadata()
        ->mutable_filter_metadata())["envoy.lb"];
  ConfigDump all = dump("include_eds");
  EXPECT_EQ(types(all)[2], "EndpointsConfigDump");
  auto endpoints = config<envoy::admin::v3::EndpointsConfigDump>(all, 2);
  ASSERT_EQ(endpoints.static_endpoint_configs_size(), 2);
  envoy::config::endpoint::v3::ClusterLoadAssignment assignment;
  ASSERT_TRUE(endpoints.static_endpoint_configs(0).endpoint_config().UnpackTo(&assignment));
  EXPECT_EQ(assignment.cluster_name(), "backend");
  EXPECT_EQ(assignment.policy().overprovisioning_factor().value(), 140u);
  const auto& endpoint = assignment.endpoints(0).lb_endpoints(0);
  EXPECT_EQ(endpoint.endpoint().address().socket_address().port_value(), 80u);
  EXPECT_EQ(endpoint.health_status(), envoy::config::core::v3::HEALTHY);
  EXPECT_EQ(assignment.endpoints(0).locality().zone(), "z");
  EXPECT_EQ(endpoint.metadata().filter_metadata_size(), 1);
  EXPECT_EQ(get("resource=static_endpoint_configs", 404),
            "static_endpoint_configs not found in config dump");
}

TEST_F(ConfigDumpPage, ResourceGivesTheElements) {
  ConfigDump clusters = dump("resource=static_clusters");
  ASSERT_EQ(clusters.configs_size(), 2);
  EXPECT_EQ(clusters.configs(0).type_url(),
            "type.googleapis.com/envoy.admin.v3.ClustersConfigDump.StaticCluster");
  EXPECT_EQ(get("resource=dynamic_listeners"), "{}\n");
  EXPECT_EQ(get("resource=nope", 404), "nope not found in config dump");
  EXPECT_EQ(get("resource=bootstrap", 400),
            "bootstrap is not a repeated field. Use ?mask=bootstrap to get only this field");
}

TEST_F(ConfigDumpPage, ResourceWithMaskReachesIntoTheElement) {
  EXPECT_EQ(get("resource=static_clusters&mask=cluster.name&name_regex=other"), R"({
 "configs": [
  {
   "@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump.StaticCluster",
   "cluster": {
    "@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
    "name": "other"
   }
  }
 ]
}
)");
  EXPECT_THAT(get("resource=static_clusters&mask=nope", 400),
              HasSubstr("could not be successfully used."));
  EXPECT_THAT(get("resource=static_clusters&mask=cluster.nope", 400),
              HasSubstr("could not be successfully used."));
}

TEST_F(ConfigDumpPage, MaskKeepsOnlyWhatHasTheField) {
  ConfigDump masked = dump("mask=bootstrap.node");
  ASSERT_EQ(masked.configs_size(), 1);
  auto bootstrap = config<envoy::admin::v3::BootstrapConfigDump>(masked, 0);
  EXPECT_EQ(bootstrap.bootstrap().node().id(), "n1");
  EXPECT_FALSE(bootstrap.bootstrap().has_static_resources());
  EXPECT_EQ(get("mask=nope", 400),
            "FieldMask nope could not be successfully applied to any configs.");
  EXPECT_EQ(get("mask=static_clusters,static_listeners", 400),
            "FieldMask static_clusters,static_listeners could not be successfully applied to any "
            "configs.");
}

TEST_F(ConfigDumpPage, NameRegexMatchesWholeNames) {
  ConfigDump named = dump("name_regex=back.*");
  EXPECT_EQ(config<envoy::admin::v3::ClustersConfigDump>(named, 1).static_clusters_size(), 1);
  EXPECT_EQ(config<envoy::admin::v3::ListenersConfigDump>(named, 2).static_listeners_size(), 0);
  EXPECT_EQ(config<envoy::admin::v3::ClustersConfigDump>(dump("name_regex=back"), 1)
                .static_clusters_size(),
            0);
  EXPECT_EQ(get("name_regex=(", 400),
            "INVALID_ARGUMENT: Error while parsing name_regex from (: missing ): (");
}

// The text in pieces must be what protobuf prints of the whole message.
TEST_F(ConfigDumpPage, PiecesAreTheTextOfTheWhole) {
  for (int i = 0; i < 120; ++i) server_.add_cluster("c" + std::to_string(i), "127.0.0.1", 80);
  ConfigDump whole = dump("include_eds");
  EXPECT_EQ(get("include_eds"), to_json(whole));
  EXPECT_EQ(get("resource=static_clusters"), to_json(dump("resource=static_clusters")));
  EXPECT_EQ(config<envoy::admin::v3::ClustersConfigDump>(whole, 1).static_clusters_size(), 122);
}

TEST_F(ConfigDumpPage, APieceIsSmall) {
  for (int i = 0; i < 500; ++i) server_.add_cluster("c" + std::to_string(i), "127.0.0.1", 80);
  Request request{"GET", "/config_dump", {}};
  Response response = answer(request, server_);
  std::string piece;
  while (response.rest(piece)) {
    EXPECT_LT(piece.size(), 64u * 1024);
    piece.clear();
  }
}

TEST_F(ConfigDumpPage, SecretsAreRedacted) {
  envoy::admin::v3::SecretsConfigDump::StaticSecret secret;
  envoy::extensions::transport_sockets::tls::v3::Secret inner;
  inner.set_name("s");
  inner.mutable_tls_certificate()->mutable_private_key()->set_inline_string("PRIVATE");
  inner.mutable_tls_certificate()->mutable_certificate_chain()->set_inline_string("PUBLIC");
  inner.mutable_tls_certificate()->mutable_password()->set_inline_bytes("PRIVATE");
  secret.mutable_secret()->PackFrom(inner);
  redact(secret);
  std::string json = to_json(secret);
  EXPECT_THAT(json, Not(HasSubstr("PRIVATE")));
  EXPECT_THAT(json, HasSubstr("\"inline_string\": \"[redacted]\""));
  EXPECT_THAT(json, HasSubstr("PUBLIC"));
  EXPECT_THAT(json, HasSubstr("\"name\": \"s\""));
}

// Resources that were rejected may have such types; the rest must stay readable.
TEST_F(ConfigDumpPage, AnAnyOfUnknownTypeIsShownAsOctets) {
  auto* filter = server_.proto.mutable_static_resources()
                     ->mutable_listeners(0)
                     ->mutable_filter_chains(0)
                     ->add_filters();
  filter->mutable_typed_config()->set_type_url("type.googleapis.com/no.such.Type");
  filter->mutable_typed_config()->set_value("\x0a\x01x");
  for (const char* query : {"", "resource=static_listeners", "mask=static_listeners"}) {
    ConfigDump readable = dump(query);
    std::string json = get(query);
    EXPECT_THAT(json, HasSubstr("\"type_url\": \"type.googleapis.com/no.such.Type\"")) << query;
    EXPECT_THAT(json, HasSubstr("\"value\": \"CgF4\"")) << query;
  }
}

}  // namespace
}  // namespace outrigger::admin
