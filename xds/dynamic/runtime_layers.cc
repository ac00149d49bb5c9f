#include "xds/dynamic/runtime_layers.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"

#include "envoy/service/runtime/v3/rtds.pb.h"

#include "api/stats_xds.h"
#include "xds/compile_server.h"
#include "xds/field_errors.h"
#include "xds/protocol/types.h"

namespace outrigger::xds {

using envoy::config::bootstrap::v3::LayeredRuntime;

class RuntimeLayers::Layer final : private SubscriptionHandler {
 public:
  using RtdsLayer = envoy::config::bootstrap::v3::RuntimeLayer::RtdsLayer;

  Layer(RuntimeLayers& owner, std::string layer_name, const RtdsLayer& from)
      : owner_(owner), layer_name_(std::move(layer_name)), name_(from.name()) {}

  absl::Status subscribe(const RtdsLayer& from, InitSet& init) {
    target_ = init.add(fmt::format("RTDS {}", name_));
    SubscriptionRequest request;
    request.type_url = kRuntimeType;
    request.names = {name_};
    request.stats = owner_.stats_.scope<SubscriptionStats>("runtime.rtds.");
    auto made = owner_.sources_.subscribe(from.rtds_config(), std::move(request), *this);
    if (!made.ok()) return made.status();
    subscription_ = *std::move(made);
    return absl::OkStatus();
  }

 private:
  void on_update(std::shared_ptr<const ResourceUpdate> update, Done done) override {
    UpdateResult result;
    for (const Resource& resource : update->added) {
      if (resource.name != name_) continue;
      if (absl::Status status = take(resource); !status.ok()) {
        std::string reason(status.message());
        std::replace(reason.begin(), reason.end(), '\n', ';');
        owner_.ledger_.rejected(kRuntimeType, resource, reason);
        result.rejected.push_back({name_, std::move(reason)});
      }
    }
    for (const std::string& gone : update->removed) {
      if (gone == name_) clear();
    }
    target_.reset();
    done(std::move(result));
  }
  void on_fetch_timeout() override { target_.reset(); }

  absl::Status take(const Resource& resource) {
    auto runtime = owner_.reader_.read<envoy::service::runtime::v3::Runtime>(resource.body);
    if (!runtime.ok()) return runtime.status();
    config::Bootstrap::RuntimeLayer layer;
    FieldErrors errors;
    layer.values = errors.take_nested("layer", compile_runtime_values((*runtime)->layer()));
    if (!errors.empty()) return errors.status();
    layer.name = layer_name_;
    owner_.sink_.set_layer(layer);
    owner_.ledger_.activated(kRuntimeType, resource);
    return absl::OkStatus();
  }

  void clear() {
    config::Bootstrap::RuntimeLayer layer;
    layer.name = layer_name_;
    owner_.sink_.set_layer(layer);
    owner_.ledger_.removed(kRuntimeType, name_);
  }

  RuntimeLayers& owner_;
  const std::string layer_name_;
  const std::string name_;
  std::shared_ptr<InitTarget> target_;  // nullptr: nobody waits any more
  std::unique_ptr<Subscription> subscription_;
};

RuntimeLayers::RuntimeLayers(SubscriptionFactory& sources, ResourceReader& reader,
                             StatsRegistry& stats, Ledger& ledger, RuntimeSink& sink)
    : sources_(sources), reader_(reader), stats_(stats), ledger_(ledger), sink_(sink) {}

RuntimeLayers::~RuntimeLayers() = default;

absl::Status RuntimeLayers::start(const LayeredRuntime& runtime, InitSet& init) {
  FieldErrors errors;
  for (int i = 0; i < runtime.layers_size(); ++i) {
    const auto& layer = runtime.layers(i);
    if (!layer.has_rtds_layer()) continue;
    auto made = std::make_unique<Layer>(*this, layer.name(), layer.rtds_layer());
    if (absl::Status status = made->subscribe(layer.rtds_layer(), init); !status.ok()) {
      errors.add_nested(fmt::format("layered_runtime.layers[{}].rtds_layer.rtds_config", i),
                        status);
      continue;
    }
    layers_.push_back(std::move(made));
  }
  return errors.status();
}

}  // namespace outrigger::xds
