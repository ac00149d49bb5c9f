// The server: bootstrap, node, administration, runtime, statistics, and types that every part uses.
#include "xds/fields_tables.h"

namespace outrigger::xds {
namespace {

constexpr WorkingFields kWorking[] = {
    {"envoy.config.bootstrap.v3.Bootstrap",
     "node static_resources cluster_manager use_tcp_for_dns_lookups dns_resolution_config "
     "typed_dns_resolver_config stats_config stats_flush_interval layered_runtime "
     "admin header_prefix bootstrap_extensions"},
    {"envoy.extensions.bootstrap.internal_listener.v3.InternalListener", ""},
    {"envoy.config.bootstrap.v3.Bootstrap.StaticResources", "listeners clusters secrets"},
    {"envoy.config.bootstrap.v3.ClusterManager", "upstream_bind_config"},
    {"envoy.config.bootstrap.v3.Admin", "access_log access_log_path address"},
    {"envoy.config.bootstrap.v3.LayeredRuntime", "layers"},
    {"envoy.config.bootstrap.v3.RuntimeLayer", "name static_layer admin_layer"},
    {"envoy.config.bootstrap.v3.RuntimeLayer.AdminLayer", "*"},
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

constexpr std::string_view kNoGlobalLimit = "there is no limit of all connections together";

constexpr HarmlessField kHarmless[] = {
    {"envoy.config.bootstrap.v3.Admin", "profile_path", "there is no profiler"},
    {"envoy.config.bootstrap.v3.Admin", "ignore_global_conn_limit", kNoGlobalLimit},
    {"envoy.extensions.bootstrap.internal_listener.v3.InternalListener", "buffer_size_kb",
     "what is under way inside the process is bounded by the listener's and cluster's buffer "
     "limits"},
    {"envoy.config.bootstrap.v3.Bootstrap", "node_context_params", "there are no xdstp:// names"},
    {"envoy.config.bootstrap.v3.Bootstrap", "deferred_stat_options",
     "statistics are always made on first use"},
    {"envoy.config.bootstrap.v3.Bootstrap", "stats_flush_on_admin",
     "administration always shows the current values"},
    {"envoy.config.bootstrap.v3.Bootstrap", "stats_eviction_interval", "statistics are kept"},
    {"envoy.config.bootstrap.v3.Bootstrap", "watchdog", "there is no watchdog"},
    {"envoy.config.bootstrap.v3.Bootstrap", "watchdogs", "there is no watchdog"},
    {"envoy.config.bootstrap.v3.Bootstrap", "overload_manager",
     "no action is taken under overload; limits of listeners and circuit breakers hold"},
    {"envoy.config.bootstrap.v3.Bootstrap", "enable_dispatcher_stats",
     "there are no statistics of event loops"},
    {"envoy.config.bootstrap.v3.Bootstrap", "stats_server_version_override",
     "server.version is our own"},
    {"envoy.config.bootstrap.v3.Bootstrap", "inline_headers",
     "header look-up needs no registration"},
    {"envoy.config.bootstrap.v3.Bootstrap", "grpc_async_client_manager_config",
     "there are no gRPC clients"},
    {"envoy.config.bootstrap.v3.Bootstrap", "memory_allocator_manager",
     "the allocator gives memory back by itself"},
    {"envoy.config.bootstrap.v3.ClusterManager", "local_cluster_name",
     "there is no zone-aware routing"},
    {"envoy.config.bootstrap.v3.ClusterManager", "outlier_detection",
     "there is no outlier detection"},
    {"envoy.config.bootstrap.v3.ClusterManager", "enable_deferred_cluster_creation",
     "a cluster always costs a worker nothing before its first request"},
    {"envoy.config.metrics.v3.HistogramBucketSettings", "bins",
     "histograms have bins of two decimal digits"},
    {"envoy.type.matcher.v3.RegexMatcher.GoogleRE2", "max_program_size",
     "matching takes linear time, whatever the program's size"},
};

}  // namespace

constinit const FieldTable kServerFields = {"Server", kWorking, kHarmless};

}  // namespace outrigger::xds
