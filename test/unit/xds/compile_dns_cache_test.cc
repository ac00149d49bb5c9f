// What a DNS cache and the clusters that have it are compiled to.
#include "xds/compile_dns_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/dns_cache.h"
#include "test/unit/xds/load_helpers.h"

namespace outrigger::xds {
namespace {

using CacheMessage = envoy::extensions::common::dynamic_forward_proxy::v3::DnsCacheConfig;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::load;
using testing::Loaded;

TEST(CompileDnsCache, HasEnvoysDefaults) {
  CacheMessage message;
  message.set_name("x");
  config::DnsResolver resolver;
  resolver.use_tcp = true;
  auto cache = compile_dns_cache_config(message, resolver);
  ASSERT_TRUE(cache.ok());
  EXPECT_EQ(cache->name, "x");
  EXPECT_EQ(cache->refresh_rate, seconds(60));
  EXPECT_EQ(cache->min_refresh_rate, seconds(5));
  EXPECT_EQ(cache->failure_base, seconds(60));
  EXPECT_EQ(cache->failure_max, seconds(60));
  EXPECT_EQ(cache->host_ttl, seconds(300));
  EXPECT_EQ(cache->query_timeout, seconds(5));
  EXPECT_EQ(cache->max_hosts, 1024u);
  EXPECT_EQ(cache->max_pending_requests, 1024u);
  EXPECT_TRUE(cache->refresh_after_failure);
  EXPECT_TRUE(cache->resolver.use_tcp) << "the bootstrap's";
}

TEST(CompileDnsCache, EveryField) {
  CacheMessage message;
  message.set_name("x");
  message.set_dns_lookup_family(envoy::config::cluster::v3::Cluster::V6_ONLY);
  message.mutable_dns_refresh_rate()->set_seconds(7);
  message.mutable_dns_min_refresh_rate()->set_seconds(2);
  message.mutable_host_ttl()->set_seconds(8);
  message.mutable_dns_query_timeout()->set_nanos(300'000'000);
  message.mutable_max_hosts()->set_value(9);
  message.set_disable_dns_refresh_on_failure(true);
  message.mutable_dns_failure_refresh_rate()->mutable_base_interval()->set_seconds(1);
  message.mutable_dns_cache_circuit_breaker()->mutable_max_pending_requests()->set_value(3);
  auto* host = message.add_preresolve_hostnames();
  host->set_address("A.test");
  host->set_port_value(443);
  auto cache = compile_dns_cache_config(message, {});
  ASSERT_TRUE(cache.ok());
  EXPECT_EQ(cache->family, config::DnsResolution::Family::v6_only);
  EXPECT_EQ(cache->refresh_rate, seconds(7));
  EXPECT_EQ(cache->min_refresh_rate, seconds(2));
  EXPECT_EQ(cache->host_ttl, seconds(8));
  EXPECT_EQ(cache->query_timeout, milliseconds(300));
  EXPECT_EQ(cache->max_hosts, 9u);
  EXPECT_FALSE(cache->refresh_after_failure);
  EXPECT_EQ(cache->failure_base, seconds(1));
  EXPECT_EQ(cache->failure_max, seconds(10));
  EXPECT_EQ(cache->max_pending_requests, 3u);
  EXPECT_THAT(cache->preresolved, ElementsAre("a.test:443"));
}

TEST(CompileDnsCache, WhatCannotWorkIsNamed) {
  CacheMessage message;
  message.set_name("x");
  message.mutable_max_hosts()->set_value(1);
  message.add_preresolve_hostnames()->set_address("a.test");
  auto* bad = message.add_preresolve_hostnames();
  bad->set_address("a b");
  bad->set_port_value(80);
  message.mutable_dns_failure_refresh_rate()->mutable_base_interval()->set_seconds(2);
  message.mutable_dns_failure_refresh_rate()->mutable_max_interval()->set_seconds(1);
  auto cache = compile_dns_cache_config(message, {});
  std::string errors(cache.status().message());
  EXPECT_THAT(errors, HasSubstr("preresolve_hostnames: names 2 hosts, but max_hosts is 1"));
  EXPECT_THAT(errors, HasSubstr("preresolve_hostnames[0]: is not a host name with a port_value"));
  EXPECT_THAT(errors, HasSubstr("preresolve_hostnames[1]: is not a host name"));
  EXPECT_THAT(errors, HasSubstr("dns_failure_refresh_rate: max_interval must not be less"));
}

Loaded forward_proxy(const std::string& of_type, const std::string& of_cluster) {
  return load(
      "static_resources: {clusters: [{name: a, cluster_type: {name: "
      "envoy.clusters.dynamic_forward_proxy, typed_config: {\"@type\": type.googleapis.com/"
      "envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig" +
      of_type + "}}" + of_cluster + "}]}");
}

constexpr const char* kCache = ", dns_cache_config: {name: x}";
constexpr const char* kProvided = ", lb_policy: CLUSTER_PROVIDED";

TEST(CompileForwardProxy, NamesAreVerifiedUnlessSomebodySaysOtherwise) {
  Loaded loaded = forward_proxy(kCache, kProvided);
  ASSERT_THAT(loaded.errors, IsEmpty());
  const config::Cluster& cluster = loaded.cluster();
  EXPECT_EQ(cluster.discovery, config::Cluster::Discovery::dynamic_forward_proxy);
  EXPECT_TRUE(cluster.http->auto_sni);
  EXPECT_TRUE(cluster.http->auto_san_validation);
  EXPECT_TRUE(cluster.endpoints->localities.empty());
}

TEST(CompileForwardProxy, OptionsWithoutAutoSniAreRefused) {
  std::string options =
      std::string(kProvided) + ", upstream_http_protocol_options: {auto_sni: true}";
  EXPECT_THAT(forward_proxy(kCache, options).errors,
              ElementsAre(HasSubstr("cluster_type: a dynamic_forward_proxy must have auto_sni and "
                                    "auto_san_validation, unless")));
  Loaded insecure =
      forward_proxy(std::string(kCache) + ", allow_insecure_cluster_options: true", options);
  ASSERT_THAT(insecure.errors, IsEmpty());
  EXPECT_FALSE(insecure.cluster().http->auto_san_validation);
  std::string typed = std::string(kProvided) +
                      ", typed_extension_protocol_options: "
                      "{envoy.extensions.upstreams.http.v3.HttpProtocolOptions: {\"@type\": "
                      "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions, "
                      "explicit_http_config: {http_protocol_options: {}}}}";
  EXPECT_THAT(forward_proxy(kCache, typed).errors, ElementsAre(HasSubstr("must have auto_sni")));
}

TEST(CompileForwardProxy, WhatItCannotHaveIsNamed) {
  EXPECT_THAT(forward_proxy("", kProvided).errors,
              ElementsAre(HasSubstr("cluster_type.typed_config.dns_cache_config: is needed")));
  EXPECT_THAT(forward_proxy(kCache, "").errors,
              ElementsAre(HasSubstr("lb_policy: ROUND_ROBIN is not valid for the type "
                                    "dynamic_forward_proxy: only CLUSTER_PROVIDED is")));
  EXPECT_THAT(forward_proxy(", sub_clusters_config: {}", kProvided).errors,
              ElementsAre(HasSubstr("sub_clusters_config")));
  EXPECT_THAT(
      forward_proxy(", dns_cache_config: {name: x, key_value_config: {config: {name: k, "
                    "typed_config: {\"@type\": type.googleapis.com/google.protobuf.Empty}}}}",
                    kProvided)
          .errors,
      Contains(HasSubstr("key_value_config")));
  EXPECT_THAT(forward_proxy(kCache, std::string(kProvided) +
                                        ", load_assignment: {cluster_name: a, endpoints: []}")
                  .errors,
              ElementsAre(HasSubstr("load_assignment: the hosts of")));
}

}  // namespace
}  // namespace outrigger::xds
