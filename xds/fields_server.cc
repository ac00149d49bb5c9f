// The server: bootstrap, node, administration, runtime, statistics, and types that every part uses.
#include "xds/fields_tables.h"

namespace outrigger::xds {
namespace {

#define MONITOR_NS "envoy.extensions.resource_monitors."

constexpr WorkingFields kWorking[] = {
    {"envoy.config.bootstrap.v3.Bootstrap",
     "node_context_params node static_resources dynamic_resources cluster_manager "
     "use_tcp_for_dns_lookups "
     "dns_resolution_config typed_dns_resolver_config stats_config stats_flush_interval "
     "layered_runtime admin header_prefix bootstrap_extensions overload_manager "
     "application_log_config enable_dispatcher_stats"},
    {"envoy.config.bootstrap.v3.Bootstrap.DynamicResources",
     "lds_config lds_resources_locator cds_config cds_resources_locator ads_config"},
    {"envoy.config.bootstrap.v3.Bootstrap.ApplicationLogConfig", "*"},
    {"envoy.config.bootstrap.v3.Bootstrap.ApplicationLogConfig.LogFormat", "*"},
    {"envoy.config.overload.v3.OverloadManager", "resource_monitors"},
    {"envoy.config.overload.v3.ResourceMonitor", "*"},
    {MONITOR_NS "downstream_connections.v3.DownstreamConnectionsConfig", "*"},
    {"envoy.extensions.bootstrap.internal_listener.v3.InternalListener", ""},
    {"envoy.config.bootstrap.v3.Bootstrap.StaticResources", "listeners clusters secrets"},
    {"envoy.config.bootstrap.v3.ClusterManager",
     "local_cluster_name upstream_bind_config outlier_detection load_stats_config"},
    {"envoy.config.bootstrap.v3.ClusterManager.OutlierDetection", "event_log_path"},
    {"envoy.config.bootstrap.v3.Admin",
     "access_log access_log_path address socket_options allow_paths"},
    {"envoy.config.bootstrap.v3.LayeredRuntime", "layers"},
    {"envoy.config.bootstrap.v3.RuntimeLayer", "name static_layer admin_layer rtds_layer"},
    {"envoy.config.bootstrap.v3.RuntimeLayer.AdminLayer", "*"},
    {"envoy.config.bootstrap.v3.RuntimeLayer.RtdsLayer", "*"},
    {"envoy.service.runtime.v3.Runtime", "*"},
    {"envoy.config.core.v3.ConfigSource",
     "path path_config_source api_config_source ads self initial_fetch_timeout "
     "resource_api_version"},
    {"envoy.config.core.v3.PathConfigSource", "path watched_directory"},
    {"envoy.config.core.v3.ApiConfigSource",
     "api_type transport_api_version cluster_names grpc_services rate_limit_settings "
     "set_node_on_first_message_only"},
    {"envoy.config.core.v3.AggregatedConfigSource", ""},
    {"envoy.config.core.v3.SelfConfigSource", "*"},
    {"envoy.config.core.v3.RateLimitSettings", "*"},
    {"envoy.config.core.v3.Node", "*"},
    {"envoy.config.core.v3.Locality", "*"},
    {"envoy.config.core.v3.BuildVersion", "*"},
    {"envoy.config.core.v3.Extension", "*"},
    {"envoy.type.v3.SemanticVersion", "*"},
    {"xds.core.v3.ContextParams", "*"},
    {"envoy.config.metrics.v3.StatsConfig",
     "stats_tags use_all_default_tags stats_matcher histogram_bucket_settings"},
    {"envoy.config.metrics.v3.TagSpecifier", "*"},
    {"envoy.config.metrics.v3.StatsMatcher", "*"},
    {"envoy.config.metrics.v3.HistogramBucketSettings", "match buckets"},
    {"envoy.config.core.v3.Address", "socket_address pipe envoy_internal_address"},
    {"envoy.config.core.v3.SocketAddress", "protocol address port_value ipv4_compat"},
    {"envoy.config.core.v3.Pipe", "*"},
    {"envoy.config.core.v3.DataSource",
     "filename inline_bytes inline_string environment_variable watched_directory"},
    {"envoy.config.core.v3.TypedExtensionConfig", "*"},
    {"envoy.config.core.v3.RuntimeFractionalPercent", "*"},
    {"envoy.config.core.v3.RuntimeUInt32", "*"},
    {"envoy.config.core.v3.TransportSocket", "*"},
    {"envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer", "*"},
    {"envoy.type.v3.FractionalPercent", "*"},
    {"envoy.type.v3.Percent", "*"},
    {"envoy.type.v3.Int64Range", "*"},
    {"envoy.type.matcher.v3.StringMatcher", "exact prefix suffix safe_regex contains ignore_case"},
    {"envoy.type.matcher.v3.ListStringMatcher", "*"},
    {"envoy.type.matcher.v3.RegexMatcher", "google_re2 regex"},
    {"envoy.type.matcher.v3.RegexMatcher.GoogleRE2", ""},
    {"envoy.type.matcher.v3.RegexMatchAndSubstitute", "*"},
    {"envoy.config.core.v3.HeaderValue", "key value"},
    {"envoy.config.core.v3.HeaderValueOption", "*"},
};

constexpr std::string_view kNoActions =
    "no action is taken under overload; limits of connections and circuit breakers hold";
constexpr std::string_view kRestOnly = "for REST only; gRPC streams stay open";

constexpr HarmlessField kHarmless[] = {
    {"envoy.config.bootstrap.v3.Admin", "profile_path", "there is no profiler"},
    {"envoy.config.bootstrap.v3.Admin", "ignore_global_conn_limit",
     "connections of the administration interface are never counted"},
    {"envoy.extensions.bootstrap.internal_listener.v3.InternalListener", "buffer_size_kb",
     "what is under way inside the process is bounded by the listener's and cluster's buffer "
     "limits"},
    {"envoy.config.bootstrap.v3.Bootstrap", "deferred_stat_options",
     "statistics are always made on first use"},
    {"envoy.config.bootstrap.v3.Bootstrap", "stats_flush_on_admin",
     "administration always shows the current values"},
    {"envoy.config.bootstrap.v3.Bootstrap", "stats_eviction_interval", "statistics are kept"},
    {"envoy.config.bootstrap.v3.Bootstrap", "watchdog", "there is no watchdog"},
    {"envoy.config.bootstrap.v3.Bootstrap", "watchdogs", "there is no watchdog"},
    {"envoy.config.bootstrap.v3.Bootstrap", "stats_sinks",
     "statistics are not sent anywhere: /stats and /stats/prometheus have them"},
    {"envoy.config.bootstrap.v3.Bootstrap", "tracing",
     "no spans are sent; what requests carry for tracing goes on with them"},
    {"envoy.config.bootstrap.v3.Bootstrap", "default_socket_interface", "sockets are the system's"},
    {"envoy.config.overload.v3.OverloadManager", "refresh_interval", kNoActions},
    {"envoy.config.overload.v3.OverloadManager", "actions", kNoActions},
    {"envoy.config.overload.v3.OverloadManager", "loadshed_points", kNoActions},
    {"envoy.config.overload.v3.OverloadManager", "buffer_factory_config", kNoActions},
    {"envoy.config.core.v3.ApiConfigSource", "refresh_delay", kRestOnly},
    {"envoy.config.core.v3.ApiConfigSource", "request_timeout", kRestOnly},
    {"envoy.config.bootstrap.v3.Bootstrap", "stats_server_version_override",
     "server.version is our own"},
    {"envoy.config.bootstrap.v3.Bootstrap", "inline_headers",
     "header look-up needs no registration"},
    {"envoy.config.bootstrap.v3.Bootstrap", "grpc_async_client_manager_config",
     "there are no gRPC clients"},
    {"envoy.config.bootstrap.v3.Bootstrap", "memory_allocator_manager",
     "the allocator gives memory back by itself"},
    {"envoy.config.bootstrap.v3.ClusterManager", "enable_deferred_cluster_creation",
     "a cluster always costs a worker nothing before its first request"},
    {"envoy.config.metrics.v3.HistogramBucketSettings", "bins",
     "histograms have bins of two decimal digits"},
    {"envoy.type.matcher.v3.RegexMatcher.GoogleRE2", "max_program_size",
     "matching takes linear time, whatever the program's size"},
};

constexpr NoEffect kNoEffect[] = {
    {MONITOR_NS "fixed_heap.v3.FixedHeapConfig", kNoActions},
    {MONITOR_NS "cgroup_memory.v3.CgroupMemoryConfig", kNoActions},
    {MONITOR_NS "cpu_utilization.v3.CpuUtilizationConfig", kNoActions},
    {MONITOR_NS "injected_resource.v3.InjectedResourceConfig", kNoActions},
    {"envoy.extensions.network.socket_interface.v3.DefaultSocketInterface",
     "sockets are the system's"},
    {"istio.workload.BootstrapExtension",
     "workloads are not looked up: peers are known by what they send"},
};

#undef MONITOR_NS

}  // namespace

constinit const FieldTable kServerFields = {"Server", kWorking, kHarmless, kNoEffect};

}  // namespace outrigger::xds
