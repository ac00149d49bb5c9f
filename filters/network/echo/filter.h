// Echo: sends back what arrives. Ends a chain. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/listeners/network_filters/echo_filter
// Thread: the connection's worker. Lifetime: the connection's.
#pragma once

#include <memory>

#include "api/filter/network_filter.h"

namespace outrigger::filters::echo {

class EchoFilter final : public NetworkFilter {
 public:
  NetworkVerdict on_data(NetworkFilterContext& context, Bytes& data, bool end_stream) override;
};

class EchoFactory final : public NetworkFilterFactory {
 public:
  std::unique_ptr<NetworkFilter> create() const override { return std::make_unique<EchoFilter>(); }
  bool terminal() const override { return true; }
};

}  // namespace outrigger::filters::echo
