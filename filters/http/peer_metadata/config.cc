#include "filters/http/peer_metadata/config.h"

#include "absl/strings/escaping.h"

#include "api/config/bootstrap.h"
#include "api/struct_wire.h"
#include "filters/http/peer_metadata/filter.h"
#include "istio_peer_metadata.pb.h"

namespace outrigger::filters::peer_metadata {
namespace {

using io::istio::http::peer_metadata::Config;

template <class Methods>
bool by_headers(const Methods& methods) {
  for (const auto& method : methods) {
    if (method.has_istio_headers()) return true;
  }
  return false;
}

template <class Methods>
Propagation propagation(const Methods& methods) {
  Propagation out;
  for (const auto& method : methods) {
    if (!method.has_istio_headers()) continue;
    out.by_headers = true;
    out.skip_external_clusters = method.istio_headers().skip_external_clusters();
  }
  return out;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context) {
  const auto& message = static_cast<const Config&>(config);
  Settings settings;
  settings.discover_downstream = by_headers(message.downstream_discovery());
  settings.discover_upstream = by_headers(message.upstream_discovery());
  settings.to_downstream = propagation(message.downstream_propagation());
  settings.to_upstream = propagation(message.upstream_propagation());
  settings.labels.assign(message.additional_labels().begin(), message.additional_labels().end());
  const config::NodeIdentity& node = context.node();
  settings.id = node.id;
  settings.value =
      absl::Base64Escape(encode_struct(PeerMetadata::of(node.metadata, settings.labels).wire()));
  return std::make_shared<PeerMetadataFactory>(std::move(settings));
}

}  // namespace outrigger::filters::peer_metadata
