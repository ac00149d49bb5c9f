// PeerMetadataFilter: learns from the headers x-envoy-peer-metadata and x-envoy-peer-metadata-id
// who the peer is, takes them away, and tells peers who this proxy is. The peer is left in filter
// state, under downstream_peer and upstream_peer. Thread: the stream's worker. Lifetime: the
// stream's. Semantics: Istio's filter "istio.metadata_exchange" for HTTP.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "api/filter/http_filter.h"
#include "api/peer_metadata.h"

namespace outrigger::filters::peer_metadata {

struct Propagation {
  bool by_headers = false;
  bool skip_external_clusters = false;
};

struct Settings {
  bool discover_downstream = false, discover_upstream = false;
  Propagation to_downstream, to_upstream;
  std::vector<std::string> labels;
  std::string id;     // of this node
  std::string value;  // of the header
};

class PeerMetadataFilter final : public HttpFilter {
 public:
  explicit PeerMetadataFilter(const Settings& settings) : settings_(settings) {}

  Verdict on_request_headers(FilterContext& context, http::HeaderMap& headers,
                             bool end_stream) override;
  Verdict on_response_headers(FilterContext& context, http::HeaderMap& headers,
                              bool end_stream) override;

 private:
  void discover(FilterContext& context, http::HeaderMap& headers, std::string_view name);

  const Settings& settings_;
  // A peer that says nothing of itself is told nothing.
  bool downstream_sent_id_ = false;
  bool downstream_sent_value_ = false;
};

class PeerMetadataFactory final : public HttpFilterFactory {
 public:
  explicit PeerMetadataFactory(Settings settings) : settings_(std::move(settings)) {}

  ArenaPtr<HttpFilter> create(Arena& arena) const override {
    return make_in_arena<PeerMetadataFilter>(arena, settings_);
  }

 private:
  Settings settings_;
};

}  // namespace outrigger::filters::peer_metadata
