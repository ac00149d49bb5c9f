#include "filters/http/peer_metadata/filter.h"

#include <optional>

#include "absl/strings/escaping.h"

#include "api/config/cluster.h"
#include "api/struct_wire.h"

namespace outrigger::filters::peer_metadata {
namespace {

constexpr std::string_view kPassthroughCluster = "PassthroughCluster";

bool is_true(const MetadataStruct& fields, std::string_view key) {
  const MetadataValue* value = fields.find(key);
  const bool* flag = value == nullptr ? nullptr : std::get_if<bool>(&value->get());
  return flag != nullptr && *flag;
}

std::optional<MetadataStruct> read_header(std::string_view value) {
  std::string wire;
  if (value.empty() || !absl::Base64Unescape({value.data(), value.size()}, &wire))
    return std::nullopt;
  return decode_struct(wire);
}

// Is the cluster outside of the mesh, or does it want no headers?
bool skips(const Propagation& propagation, std::string_view name, const config::Cluster* cluster) {
  if (propagation.skip_external_clusters && name == kPassthroughCluster) return true;
  const MetadataValue* istio =
      cluster == nullptr ? nullptr : cluster->metadata.filters.find("istio");
  const MetadataStruct* fields = istio == nullptr ? nullptr : istio->object();
  if (fields == nullptr) return false;
  return is_true(*fields, "disable_mx") ||
         (propagation.skip_external_clusters && is_true(*fields, "external"));
}

bool skips(const Propagation& propagation, FilterContext& context) {
  std::string_view name = context.route_cluster();
  return !name.empty() && skips(propagation, name, context.find_cluster(name));
}

}  // namespace

Verdict PeerMetadataFilter::on_request_headers(FilterContext& context, http::HeaderMap& headers,
                                               bool) {
  if (settings_.discover_downstream) {
    downstream_sent_id_ = !headers.get(kPeerMetadataIdHeader).empty();
    downstream_sent_value_ = !headers.get(kPeerMetadataHeader).empty();
    discover(context, headers, kDownstreamPeer);
  }
  if (settings_.to_upstream.by_headers && !skips(settings_.to_upstream, context)) {
    headers.set(kPeerMetadataIdHeader, settings_.id);
    headers.set(kPeerMetadataHeader, settings_.value);
  }
  return Verdict::next();
}

Verdict PeerMetadataFilter::on_response_headers(FilterContext& context, http::HeaderMap& headers,
                                                bool) {
  if (settings_.discover_upstream) discover(context, headers, kUpstreamPeer);
  if (settings_.to_downstream.by_headers && (downstream_sent_id_ || downstream_sent_value_) &&
      !skips(settings_.to_downstream, context)) {
    if (downstream_sent_id_) headers.set(kPeerMetadataIdHeader, settings_.id);
    if (downstream_sent_value_) headers.set(kPeerMetadataHeader, settings_.value);
  }
  return Verdict::next();
}

void PeerMetadataFilter::discover(FilterContext& context, http::HeaderMap& headers,
                                  std::string_view name) {
  std::optional<MetadataStruct> metadata = read_header(headers.get(kPeerMetadataHeader));
  StreamInfo& info = context.info();
  if (metadata && (info.extras == nullptr || info.extras->filter_state.find(name) == nullptr)) {
    if (info.extras == nullptr) info.extras = make_in_arena<StreamExtras>(context.arena());
    info.extras->filter_state.set(name, PeerMetadata::of(*metadata, settings_.labels).text());
  }
  headers.remove(kPeerMetadataIdHeader);
  headers.remove(kPeerMetadataHeader);
}

}  // namespace outrigger::filters::peer_metadata
