// The ONLY list of network filters, read by eyes. The HTTP connection manager and the TCP proxy are
// not in it: they are ends of a chain that the proxy itself has.
#include "filters/network/connection_limit/config.h"
#include "filters/network/direct_response/config.h"
#include "filters/network/echo/config.h"
#include "filters/network/ext_authz/config.h"
#include "filters/network/local_ratelimit/config.h"
#include "filters/network/metadata_exchange/config.h"
#include "filters/network/rbac/config.h"
#include "filters/network/sni_cluster/config.h"
#include "filters/network/sni_dynamic_forward_proxy/config.h"
#include "filters/registry.h"

namespace outrigger::filters {
namespace {

constexpr NetworkFilterEntry kNetworkFilters[] = {
    {"envoy.filters.network.connection_limit",
     "envoy.extensions.filters.network.connection_limit.v3.ConnectionLimit",
     &connection_limit::compile},
    {"envoy.filters.network.direct_response",
     "envoy.extensions.filters.network.direct_response.v3.Config", &direct_response::compile},
    {"envoy.filters.network.echo", "envoy.extensions.filters.network.echo.v3.Echo", &echo::compile},
    {"envoy.filters.network.ext_authz", "envoy.extensions.filters.network.ext_authz.v3.ExtAuthz",
     &network_ext_authz::compile},
    {"envoy.filters.network.local_ratelimit",
     "envoy.extensions.filters.network.local_ratelimit.v3.LocalRateLimit",
     &local_ratelimit::compile},
    {"istio.metadata_exchange", "envoy.tcp.metadataexchange.config.MetadataExchange",
     &metadata_exchange::compile},
    {"envoy.filters.network.rbac", "envoy.extensions.filters.network.rbac.v3.RBAC",
     &network_rbac::compile},
    {"envoy.filters.network.sni_cluster",
     "envoy.extensions.filters.network.sni_cluster.v3.SniCluster", &sni_cluster::compile},
    {"envoy.filters.network.sni_dynamic_forward_proxy",
     "envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.FilterConfig",
     &sni_dynamic_forward_proxy::compile},
};

}  // namespace

std::span<const NetworkFilterEntry> network_filters() {
  return kNetworkFilters;
}

const NetworkFilterEntry* find_network_filter(std::string_view config_type) {
  for (const NetworkFilterEntry& entry : kNetworkFilters) {
    if (config_type == entry.config_type) return &entry;
  }
  return nullptr;
}

}  // namespace outrigger::filters
