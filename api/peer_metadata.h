// PeerMetadata: who a mesh peer is, as Istio's proxies tell each other: in the headers
// x-envoy-peer-metadata and x-envoy-peer-metadata-id, and in front of the first octets of a TCP
// connection whose handshake agreed on it. Thread: any; a value. Semantics: Istio's peer metadata.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/metadata.h"

namespace outrigger {

inline constexpr std::string_view kPeerMetadataHeader = "x-envoy-peer-metadata";
inline constexpr std::string_view kPeerMetadataIdHeader = "x-envoy-peer-metadata-id";
// Filter state.
inline constexpr std::string_view kDownstreamPeer = "downstream_peer";
inline constexpr std::string_view kUpstreamPeer = "upstream_peer";
inline constexpr std::string_view kPeerNotFound = "peer_not_found";

struct PeerMetadata {
  std::string instance;        // NAME: the pod
  std::string namespace_name;  // NAMESPACE
  std::string workload;        // WORKLOAD_NAME
  std::string workload_type;   // of OWNER: "deployment", "pod", "job", "cronjob"; or empty
  std::string cluster;         // CLUSTER_ID
  std::string canonical_name;  // of the labels
  std::string canonical_revision;
  std::string app, version;
  std::vector<std::pair<std::string, std::string>> labels;  // others that were asked for

  // Of a node's metadata or what a peer sent; `labels`: which others are of interest.
  static PeerMetadata of(const MetadataStruct& metadata, std::span<const std::string> labels);
  // What is sent.
  MetadataStruct wire() const;
  // What filter state holds, as JSON with its members in order: {"app":"shop",...}.
  std::string text() const;
};

}  // namespace outrigger
