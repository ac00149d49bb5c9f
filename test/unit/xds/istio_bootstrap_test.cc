// What the bootstraps that Istio's agent writes have in them, reduced: each variant of its template
// loads as Envoy loads it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/xds/load_helpers.h"

namespace outrigger::xds {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::load;
using testing::Loaded;

TEST(IstioBootstrap, LimitsAllConnectionsByTheMonitorOfTheOverloadManager) {
  Loaded loaded = load(R"(
overload_manager:
  resource_monitors:
  - name: envoy.resource_monitors.global_downstream_max_connections
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig
      max_active_downstream_connections: "2147483645"
  - name: envoy.resource_monitors.fixed_heap
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig
      max_heap_size_bytes: 1000000
)");
  ASSERT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(loaded.compiled.max_downstream_connections, 2147483645);
  EXPECT_FALSE(load("{}").compiled.max_downstream_connections.has_value());
}

TEST(IstioBootstrap, RefusesTwoMonitorsOfOneNameAndALimitOfZero) {
  EXPECT_THAT(load(R"(
overload_manager:
  resource_monitors: [{name: a}, {name: a}]
)")
                  .errors,
              Contains(HasSubstr(
                  "overload_manager.resource_monitors[1].name: Duplicate resource monitor a")));
  EXPECT_THAT(load(R"(
overload_manager:
  resource_monitors:
  - name: a
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig
)")
                  .errors,
              Contains(HasSubstr("max_active_downstream_connections")));
}

TEST(IstioBootstrap, TakesTheFormatOfTheApplicationLog) {
  EXPECT_EQ(
      load("application_log_config: {log_format: {text_format: \"%l\\t%v\"}}").compiled.log_pattern,
      "%l\t%v");
  EXPECT_EQ(
      load("application_log_config: {log_format: {json_format: {level: \"%l\", msg: \"%j\"}}}")
          .compiled.log_pattern,
      R"({"level":"%l","msg":"%j"})");
  EXPECT_THAT(
      load("application_log_config: {log_format: {json_format: {msg: \"%v\"}}}").errors,
      Contains(HasSubstr("application_log_config.log_format.json_format: %v is not for JSON")));
}

TEST(IstioBootstrap, KnowsEveryOtherFieldOfTheTemplate) {
  Loaded loaded = load(R"(
cluster_manager:
  outlier_detection: {event_log_path: /dev/stdout}
  enable_deferred_cluster_creation: true
  load_stats_config: {api_type: GRPC, transport_api_version: V3}
default_socket_interface: envoy.extensions.network.socket_interface.default_socket_interface
deferred_stat_options: {enable_deferred_creation_stats: true}
stats_eviction_interval: 300s
bootstrap_extensions:
- name: envoy.bootstrap.internal_listener
  typed_config:
    "@type": type.googleapis.com/udpa.type.v1.TypedStruct
    type_url: type.googleapis.com/envoy.extensions.bootstrap.internal_listener.v3.InternalListener
    value: {buffer_size_kb: 64}
- name: workload_discovery
  typed_config:
    "@type": type.googleapis.com/udpa.type.v1.TypedStruct
    type_url: type.googleapis.com/istio.workload.BootstrapExtension
    value: {config_source: {ads: {}}}
stats_sinks:
- name: envoy.stat_sinks.statsd
  typed_config:
    "@type": type.googleapis.com/envoy.config.metrics.v3.StatsdSink
    address: {socket_address: {address: 10.1.1.1, port_value: 9125}}
- name: envoy.metrics_service
  typed_config:
    "@type": type.googleapis.com/envoy.config.metrics.v3.MetricsServiceConfig
    transport_api_version: V3
    grpc_service: {envoy_grpc: {cluster_name: envoy_metrics_service}}
tracing:
  http:
    name: envoy.tracers.zipkin
    typed_config:
      "@type": type.googleapis.com/envoy.config.trace.v3.ZipkinConfig
      collector_cluster: zipkin
      collector_endpoint: /api/v2/spans
      collector_endpoint_version: HTTP_JSON
)");
  EXPECT_THAT(loaded.errors, IsEmpty());
}

TEST(IstioBootstrap, RefusesAnUnknownExtensionOfTheBootstrap) {
  EXPECT_THAT(load(R"(
bootstrap_extensions:
- name: x
  typed_config: {"@type": type.googleapis.com/no.such.Extension}
)")
                  .errors,
              Contains(HasSubstr("no.such.Extension")));
}

}  // namespace
}  // namespace outrigger::xds
