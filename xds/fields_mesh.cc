// What Istio's control plane sends: its own filters, role-based access control of requests, and
// what is accepted without an effect.
#include "xds/fields_tables.h"

namespace outrigger::xds {
namespace {

#define HTTP_NS "envoy.extensions.filters.http."
#define NETWORK_NS "envoy.extensions.filters.network."
#define LOGGER_NS "envoy.extensions.access_loggers."
#define PEER_NS "io.istio.http.peer_metadata."
#define ALPN_NS "istio.envoy.config.filter.http.alpn.v2alpha1."

constexpr WorkingFields kWorking[] = {
    {HTTP_NS "rbac.v3.RBAC",
     "rules matcher rules_stat_prefix shadow_rules shadow_matcher shadow_rules_stat_prefix"},
    {HTTP_NS "rbac.v3.RBACPerRoute", "*"},
    {"envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig", "*"},
    {ALPN_NS "FilterConfig", "*"},
    {ALPN_NS "FilterConfig.AlpnOverride", "*"},
    {PEER_NS "Config",
     "downstream_discovery upstream_discovery downstream_propagation upstream_propagation "
     "additional_labels"},
    {PEER_NS "Config.DiscoveryMethod", "istio_headers"},
    {PEER_NS "Config.PropagationMethod", "*"},
    {PEER_NS "Config.IstioHeaders", "*"},
    {"envoy.tcp.metadataexchange.config.MetadataExchange", "protocol additional_labels"},
    {"envoy.config.cluster.v3.Filter", "name typed_config"},
    {LOGGER_NS "filters.cel.v3.ExpressionFilter", ""},
    {"envoy.config.accesslog.v3.ExtensionFilter", "*"},
    {NETWORK_NS "ext_authz.v3.ExtAuthz", "stat_prefix failure_mode_allow filter_enabled_metadata"},
};

constexpr std::string_view kPeer = PEER_NS "Config";
constexpr std::string_view kNoWorkloads = "peers are known by what they send";

constexpr std::string_view kAuthz = NETWORK_NS "ext_authz.v3.ExtAuthz";
constexpr std::string_view kNotAsked =
    "the service is not asked: connections are treated as when it does not answer, by "
    "failure_mode_allow";

constexpr HarmlessField kHarmless[] = {
    {HTTP_NS "rbac.v3.RBAC", "track_per_rule_stats", "there are no statistics by policy"},
    {kPeer, "shared_with_upstream", "internal listeners are not told of the peer"},
    {PEER_NS "Config.DiscoveryMethod", "baggage", kNoWorkloads},
    {PEER_NS "Config.DiscoveryMethod", "workload_discovery", kNoWorkloads},
    {"envoy.tcp.metadataexchange.config.MetadataExchange", "enable_discovery", kNoWorkloads},
    {LOGGER_NS "filters.cel.v3.ExpressionFilter", "expression",
     "expressions are not evaluated: every line is written"},
    {kAuthz, "grpc_service", kNotAsked},
    {kAuthz, "include_peer_certificate", kNotAsked},
    {kAuthz, "transport_api_version", kNotAsked},
    {kAuthz, "bootstrap_metadata_labels_key", kNotAsked},
    {kAuthz, "include_tls_session", kNotAsked},
    {kAuthz, "metadata_context_namespaces", kNotAsked},
    {kAuthz, "typed_metadata_context_namespaces", kNotAsked},
    {kAuthz, "send_tls_alert_on_denial", "a denied connection is closed"},
};

constexpr NoEffect kNoEffect[] = {
    {"stats.PluginConfig", "Istio's metrics (istio_requests_total, ...) are not counted"},
    {NETWORK_NS "mongo_proxy.v3.MongoProxy", "there are no statistics of MongoDB; its octets pass"},
    {LOGGER_NS "grpc.v3.HttpGrpcAccessLogConfig", "no lines are sent over gRPC"},
    {LOGGER_NS "grpc.v3.TcpGrpcAccessLogConfig", "no lines are sent over gRPC"},
    {LOGGER_NS "open_telemetry.v3.OpenTelemetryAccessLogConfig",
     "no lines are sent to OpenTelemetry"},
};

#undef HTTP_NS
#undef NETWORK_NS
#undef LOGGER_NS
#undef PEER_NS
#undef ALPN_NS

}  // namespace

constinit const FieldTable kMeshFields = {"Istio's filters, and what is accepted without effect",
                                          kWorking, kHarmless, kNoEffect};

}  // namespace outrigger::xds
