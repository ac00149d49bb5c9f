// SniCluster: the TCP proxy behind it sends the connection to the cluster that its SNI names.
// Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/listeners/network_filters/sni_cluster_filter
// Thread: the connection's worker. Lifetime: the connection's.
#pragma once

#include <memory>

#include "api/filter/network_filter.h"

namespace outrigger::filters::sni_cluster {

class SniClusterFilter final : public NetworkFilter {
 public:
  NetworkVerdict on_new_connection(NetworkFilterContext& context) override;
};

class SniClusterFactory final : public NetworkFilterFactory {
 public:
  std::unique_ptr<NetworkFilter> create() const override {
    return std::make_unique<SniClusterFilter>();
  }
};

}  // namespace outrigger::filters::sni_cluster
