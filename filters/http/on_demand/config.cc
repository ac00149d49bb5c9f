#include "filters/http/on_demand/config.h"

#include <string>
#include <utility>

#include "fmt/format.h"

#include "envoy/extensions/filters/http/on_demand/v3/on_demand.pb.h"

#include "api/filter/host_demand.h"

namespace outrigger::filters::on_demand {
namespace {

using envoy::extensions::filters::http::on_demand::v3::OnDemand;
using envoy::extensions::filters::http::on_demand::v3::OnDemandCds;
using envoy::extensions::filters::http::on_demand::v3::PerRouteConfig;

constexpr std::chrono::milliseconds kDefaultTimeout{5000};

std::chrono::milliseconds timeout_of(const OnDemandCds& odcds) {
  if (!odcds.has_timeout()) return kDefaultTimeout;
  return std::chrono::seconds(odcds.timeout().seconds()) +
         std::chrono::milliseconds(odcds.timeout().nanos() / 1'000'000);
}

// The filter's own message and a route's have the same field.
template <class Message>
absl::StatusOr<OnDemandClusters> clusters_of(const Message& message, CompileContext& context) {
  OnDemandClusters out;
  if (!message.has_odcds()) return out;
  const OnDemandCds& odcds = message.odcds();
  auto demand = context.cluster_demand(odcds.source(), odcds.resources_locator());
  if (!demand.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("odcds.{}", std::string(demand.status().message())));
  }
  out.demand = *std::move(demand);
  out.timeout = timeout_of(odcds);
  return out;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context) {
  auto clusters = clusters_of(static_cast<const OnDemand&>(config), context);
  if (!clusters.ok()) return clusters.status();
  return std::make_shared<OnDemandFactory>(*std::move(clusters));
}

absl::StatusOr<std::shared_ptr<const FilterRouteConfig>> compile_route(
    const google::protobuf::Message& config, CompileContext& context) {
  auto clusters = clusters_of(static_cast<const PerRouteConfig&>(config), context);
  if (!clusters.ok()) return clusters.status();
  return std::make_shared<OnDemandRouteConfig>(*std::move(clusters));
}

}  // namespace outrigger::filters::on_demand
