// DirectResponse: answers every connection with the same octets and ends it. Ends a chain.
// Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/listeners/network_filters/direct_response_filter
// Thread: the connection's worker. Lifetime: the connection's.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "api/filter/network_filter.h"

namespace outrigger::filters::direct_response {

class DirectResponseFilter final : public NetworkFilter {
 public:
  explicit DirectResponseFilter(std::shared_ptr<const std::string> response)
      : response_(std::move(response)) {}

  NetworkVerdict on_new_connection(NetworkFilterContext& context) override;

 private:
  std::shared_ptr<const std::string> response_;
};

class DirectResponseFactory final : public NetworkFilterFactory {
 public:
  explicit DirectResponseFactory(std::string response)
      : response_(std::make_shared<const std::string>(std::move(response))) {}

  std::unique_ptr<NetworkFilter> create() const override {
    return std::make_unique<DirectResponseFilter>(response_);
  }
  bool terminal() const override { return true; }

 private:
  std::shared_ptr<const std::string> response_;
};

}  // namespace outrigger::filters::direct_response
