#include <memory>
#include <string>

#include "fmt/format.h"

#include "api/peer_exchange.h"
#include "istio_metadata_exchange.pb.h"
#include "xds/compile_cluster_parts.h"
#include "xds/unpack_any.h"

namespace outrigger::xds {
namespace {

using envoy::config::cluster::v3::Filter;
using envoy::tcp::metadataexchange::config::MetadataExchange;

std::shared_ptr<config::PeerExchange> make_exchange(const MetadataExchange& message,
                                                    CompileEnvironment& environment) {
  auto out = std::make_shared<config::PeerExchange>();
  out->protocol = message.protocol();
  out->labels.assign(message.additional_labels().begin(), message.additional_labels().end());
  out->hello = peer_hello(environment.node.id, environment.node.metadata, out->labels);
  out->stats =
      environment.stats.scope<PeerExchangeStats>("metadata_exchange.", "metadata_exchange.", {});
  return out;
}

// Ten thousand clusters say the same: they share what it is made into.
absl::StatusOr<std::shared_ptr<const config::PeerExchange>> compile_exchange(
    const google::protobuf::Any& any, CompileEnvironment& environment) {
  absl::Status status;
  auto shared = environment.share("peer_exchange:" + any.value(), [&]() -> std::shared_ptr<void> {
    auto message = unpack_any(any);
    status = message.status();
    if (!message.ok()) return nullptr;
    return make_exchange(static_cast<const MetadataExchange&>(**message), environment);
  });
  if (!status.ok()) return status;
  return std::static_pointer_cast<const config::PeerExchange>(shared);
}

}  // namespace

void compile_upstream_filters(const envoy::config::cluster::v3::Cluster& cluster,
                              CompileEnvironment& environment, config::Cluster& out,
                              FieldErrors& errors) {
  for (int i = 0; i < cluster.filters_size(); ++i) {
    const Filter& filter = cluster.filters(i);
    std::string field = indexed("filters", i) + ".typed_config";
    if (packed_type(filter.typed_config()) != MetadataExchange::descriptor()->full_name()) {
      errors.add(field, fmt::format("upstream filter '{}' of type '{}' is not supported by "
                                    "Outrigger",
                                    filter.name(), filter.typed_config().type_url()));
      continue;
    }
    out.peer_exchange = errors.take(field, compile_exchange(filter.typed_config(), environment));
  }
}

}  // namespace outrigger::xds
