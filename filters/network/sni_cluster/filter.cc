#include "filters/network/sni_cluster/filter.h"

namespace outrigger::filters::sni_cluster {

NetworkVerdict SniClusterFilter::on_new_connection(NetworkFilterContext& context) {
  DownstreamConnectionInfo& info = context.info();
  if (!info.requested_server_name.empty()) {
    info.make_extras().filter_state.set("envoy.tcp_proxy.cluster", info.requested_server_name);
  }
  return NetworkVerdict::next;
}

}  // namespace outrigger::filters::sni_cluster
