#include "proxy/upstream/connect_options.h"

namespace outrigger::upstream {

runtime::ConnectOptions connect_options(const config::Cluster& cluster,
                                        const net::Address& target) {
  runtime::ConnectOptions options;
  options.address = target;
  if (cluster.tcp_keepalive) {
    options.keepalive = true;
    options.keepalive_probes = cluster.tcp_keepalive->probes;
    options.keepalive_time_s = cluster.tcp_keepalive->time_s;
    options.keepalive_interval_s = cluster.tcp_keepalive->interval_s;
  }
  options.freebind = cluster.bind->freebind;
  options.socket_options = cluster.bind->socket_options;
  options.source = cluster.bind->source_for(target);
  return options;
}

}  // namespace outrigger::upstream
