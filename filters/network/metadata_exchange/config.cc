#include "filters/network/metadata_exchange/config.h"

#include "api/config/bootstrap.h"
#include "filters/network/metadata_exchange/filter.h"
#include "istio_metadata_exchange.pb.h"

namespace outrigger::filters::metadata_exchange {

absl::StatusOr<std::shared_ptr<const NetworkFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context) {
  const auto& message =
      static_cast<const envoy::tcp::metadataexchange::config::MetadataExchange&>(config);
  Settings settings;
  settings.protocol = message.protocol();
  settings.labels.assign(message.additional_labels().begin(), message.additional_labels().end());
  settings.hello = peer_hello(context.node().id, context.node().metadata, settings.labels);
  settings.stats =
      context.stats().scope<PeerExchangeStats>("metadata_exchange.", "metadata_exchange.", {});
  return std::make_shared<MetadataExchangeFactory>(std::move(settings));
}

}  // namespace outrigger::filters::metadata_exchange
