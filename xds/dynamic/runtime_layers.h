// RuntimeLayers: the layers of layered_runtime that a config source sends (RTDS). Each goes to the
// sink when it comes; their order among the other layers is the sink's, which knows them all by
// name. Thread: main. Lifetime: the process's.
// Semantics: https://www.envoyproxy.io/docs/envoy/latest/configuration/operations/runtime
#pragma once

#include <memory>
#include <vector>

#include "absl/status/status.h"

#include "envoy/config/bootstrap/v3/bootstrap.pb.h"

#include "api/stats.h"
#include "xds/init_set.h"
#include "xds/ledger.h"
#include "xds/protocol/subscription.h"
#include "xds/resource_reader.h"
#include "xds/sinks.h"

namespace outrigger::xds {

class RuntimeLayers {
 public:
  RuntimeLayers(SubscriptionFactory& sources, ResourceReader& reader, StatsRegistry& stats,
                Ledger& ledger, RuntimeSink& sink);
  ~RuntimeLayers();

  // Subscribes; `init` waits for the first answer of each layer. An error opens with the field's
  // path.
  absl::Status start(const envoy::config::bootstrap::v3::LayeredRuntime& runtime, InitSet& init);

 private:
  class Layer;

  SubscriptionFactory& sources_;
  ResourceReader& reader_;
  StatsRegistry& stats_;
  Ledger& ledger_;
  RuntimeSink& sink_;
  std::vector<std::unique_ptr<Layer>> layers_;
};

}  // namespace outrigger::xds
