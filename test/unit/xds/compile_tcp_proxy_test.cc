// TCP proxies and network filters, from a bootstrap to the compiled chain.
#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/xds/load_helpers.h"

namespace outrigger::xds::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string filter(const std::string& name, const std::string& type, const std::string& fields) {
  return "{name: " + name +
         ", typed_config: {\"@type\": type.googleapis.com/envoy.extensions.filters.network." +
         type + (fields.empty() ? "" : ", ") + fields + "}}";
}

std::string tcp(const std::string& fields) {
  return filter("tcp", "tcp_proxy.v3.TcpProxy", "stat_prefix: 'x:y', " + fields);
}

Loaded load_chain(const std::string& filters) {
  return load(
      "static_resources: {clusters: [{name: a}], listeners: [{name: l, address: "
      "{socket_address: {address: 127.0.0.1, port_value: 10000}}, filter_chains: "
      "[{filters: [" +
      filters + "]}]}]}");
}

const config::TcpProxy& proxy(const Loaded& loaded) {
  return *loaded.listener().chains.front()->tcp;
}

std::string only_error(const Loaded& loaded) {
  return loaded.errors.size() == 1 ? std::string(loaded.errors.front()) : "";
}

TEST(CompileTcpProxy, DefaultsAreEnvoys) {
  Loaded loaded = load_chain(tcp("cluster: a"));
  ASSERT_TRUE(loaded.ok()) << loaded.errors.front();
  const config::TcpProxy& out = proxy(loaded);
  EXPECT_EQ(out.idle_timeout, milliseconds(3'600'000));
  EXPECT_EQ(out.max_connect_attempts, 1u);
  EXPECT_EQ(out.clusters.front().cluster.name, "a");
  EXPECT_FALSE(out.max_downstream_connection_duration);
  EXPECT_EQ(out.stats->prefix(), "tcp.x_y.");
}

TEST(CompileTcpProxy, ZeroTurnsTheIdleTimeoutOff) {
  Loaded loaded = load_chain(tcp("cluster: a, idle_timeout: 0s"));
  EXPECT_FALSE(proxy(loaded).idle_timeout);
}

TEST(CompileTcpProxy, WeightedClustersAddTheirMetadataToTheWhole) {
  Loaded loaded =
      load_chain(tcp("metadata_match: {filter_metadata: {envoy.lb: {stage: prod, zone: one}}}, "
                     "weighted_clusters: {clusters: [{name: a, weight: 3}, {name: b, weight: 1, "
                     "metadata_match: {filter_metadata: {envoy.lb: {zone: two}}}}]}"));
  ASSERT_TRUE(loaded.ok()) << loaded.errors.front();
  const config::TcpProxy& out = proxy(loaded);
  EXPECT_EQ(out.total_weight, 4u);
  EXPECT_EQ(out.clusters[0].metadata_match, out.metadata_match);
  const auto& merged = out.clusters[1].metadata_match->values();
  ASSERT_EQ(merged.size(), 2u);
  EXPECT_EQ(merged[0].first, "stage");
  EXPECT_EQ(*merged[0].second.string(), "prod");
  EXPECT_EQ(*merged[1].second.string(), "two");
}

TEST(CompileTcpProxy, TakesEveryOption) {
  Loaded loaded = load_chain(tcp(
      "cluster: a, max_downstream_connection_duration: 5s, "
      "max_downstream_connection_duration_jitter_percentage: {value: 10}, "
      "max_connect_attempts: 3, backoff_options: {base_interval: 0.1s}, "
      "hash_policy: [{filter_state: {key: k}}], "
      "access_log_options: {access_log_flush_interval: 2s, flush_access_log_on_connected: true},"
      "upstream_connect_mode: ON_DOWNSTREAM_DATA, max_early_data_bytes: 100, "
      "tunneling_config: {hostname: '%REQUESTED_SERVER_NAME%:443', use_post: true, post_path: /p, "
      "headers_to_add: [{header: {key: a, value: b}}]}, "
      "proxy_protocol_tlvs: [{type: 0xE0, value: aGVsbG8=}]"));
  ASSERT_TRUE(loaded.ok()) << loaded.errors.front();
  const config::TcpProxy& out = proxy(loaded);
  EXPECT_EQ(out.max_downstream_connection_duration, milliseconds(5000));
  EXPECT_EQ(out.backoff_max, milliseconds(1000));
  EXPECT_EQ(out.hash_filter_state_key, "k");
  EXPECT_EQ(out.access_log_flush_interval, milliseconds(2000));
  EXPECT_TRUE(out.flush_access_log_on_connected);
  EXPECT_EQ(out.connect_mode, config::TcpProxy::ConnectMode::on_downstream_data);
  EXPECT_EQ(out.tunneling->post_path, "/p");
  EXPECT_EQ(out.tunneling->headers.add.size(), 1u);
  EXPECT_EQ(out.proxy_protocol_tlvs.front().type, 0xE0);
  EXPECT_EQ(out.proxy_protocol_tlvs.front().value.front().text, "hello");
}

TEST(CompileTcpProxy, NamesWhatIsWrong) {
  EXPECT_THAT(only_error(load_chain(tcp("cluster: a, upstream_connect_mode: ON_DOWNSTREAM_DATA"))),
              HasSubstr("filters[0].typed_config.max_early_data_bytes: is required"));
  EXPECT_THAT(
      only_error(load_chain(tcp("cluster: a, tunneling_config: {hostname: 'x:1', post_path: /}"))),
      HasSubstr("tunneling_config.post_path: can't set a post path"));
  EXPECT_THAT(only_error(load_chain(tcp("cluster: a, tunneling_config: {hostname: '%NOSUCH%'}"))),
              HasSubstr("tunneling_config.hostname"));
  EXPECT_THAT(only_error(load_chain(
                  tcp("cluster: a, backoff_options: {base_interval: 2s, max_interval: 1s}"))),
              HasSubstr("backoff_options.max_interval"));
  EXPECT_THAT(only_error(load_chain(tcp("cluster: a, on_demand: {odcds_config: {ads: {}}}"))),
              HasSubstr("on_demand.odcds_config: clusters cannot be discovered here"));
}

TEST(CompileNetworkFilters, KeepsTheirOrderBeforeTheEnd) {
  Loaded loaded = load_chain(
      filter("one", "sni_cluster.v3.SniCluster", "") + ", " +
      filter("two", "connection_limit.v3.ConnectionLimit", "stat_prefix: c, max_connections: 1") +
      ", " + tcp("cluster: a"));
  ASSERT_TRUE(loaded.ok()) << loaded.errors.front();
  const config::FilterChain& chain = *loaded.listener().chains.front();
  ASSERT_EQ(chain.filters.size(), 2u);
  EXPECT_EQ(chain.filters[0].name, "one");
  EXPECT_EQ(chain.filters[1].name, "two");
  EXPECT_NE(chain.tcp, nullptr);
  EXPECT_EQ(chain.http, nullptr);
}

TEST(CompileNetworkFilters, TerminalFilterMayEndAChain) {
  Loaded loaded = load_chain(filter("e", "echo.v3.Echo", ""));
  ASSERT_TRUE(loaded.ok()) << loaded.errors.front();
  EXPECT_TRUE(loaded.listener().chains.front()->filters.back().factory->terminal());
}

TEST(CompileNetworkFilters, ExactlyTheLastEndsTheChain) {
  EXPECT_THAT(only_error(load_chain(tcp("cluster: a") + ", " + tcp("cluster: a"))),
              HasSubstr("filters[0]: terminal filter 'tcp' must be the last filter of the chain"));
  EXPECT_THAT(only_error(load_chain(filter("s", "sni_cluster.v3.SniCluster", ""))),
              HasSubstr("filters[0]: filter 's' is the last of the chain, but it is not terminal"));
}

TEST(CompileNetworkFilters, PoliciesThatNeedARequestAreRefusedByName) {
  auto rbac = [](const std::string& permission) {
    return filter("r", "rbac.v3.RBAC",
                  "stat_prefix: r, rules: {policies: {p: {permissions: [" + permission +
                      "], principals: [{any: true}]}}}") +
           ", " + tcp("cluster: a");
  };
  EXPECT_TRUE(load_chain(rbac("{destination_port: 80}")).ok());
  EXPECT_THAT(only_error(load_chain(rbac("{url_path: {path: {exact: /}}}"))),
              HasSubstr("permissions[0].url_path"));
  EXPECT_THAT(only_error(load_chain(rbac("{header: {name: a, present_match: true}}"))),
              HasSubstr("permissions[0].header"));
  EXPECT_THAT(only_error(load_chain(filter("r", "rbac.v3.RBAC",
                                           "stat_prefix: r, matcher: {on_no_match: {action: {name: "
                                           "x, typed_config: {\"@type\": "
                                           "type.googleapis.com/envoy.config.rbac.v3.Action}}}}") +
                                    ", " + tcp("cluster: a"))),
              HasSubstr("matcher"));
}

}  // namespace
}  // namespace outrigger::xds::testing
