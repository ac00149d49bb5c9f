// PeerExchange: what TCP peers of a mesh tell each other in front of their first octets, where the
// handshake agreed on it: a magic number and a length, four octets each, the most significant
// first, then a google.protobuf.Any of a Struct with x-envoy-peer-metadata and
// x-envoy-peer-metadata-id. Thread: the connection's worker. Lifetime: the connection's. Pure.
// Semantics: Istio's TCP metadata exchange.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "api/bytes.h"
#include "api/metadata.h"
#include "api/peer_metadata.h"
#include "api/stats.h"

namespace outrigger {

// metadata_exchange.
#define OUTRIGGER_PEER_EXCHANGE_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(alpn_protocol_found)                                          \
  COUNTER(alpn_protocol_not_found)                                      \
  COUNTER(header_not_found)                                             \
  COUNTER(initial_header_not_found)                                     \
  COUNTER(metadata_added)
OUTRIGGER_DEFINE_STATS(PeerExchangeStats, OUTRIGGER_PEER_EXCHANGE_STATS)

// What a proxy with this node's id and metadata says.
std::string peer_hello(std::string_view node_id, const MetadataStruct& node_metadata,
                       std::span<const std::string> labels);

// Takes what the peer says off the front of what arrives.
class PeerHelloReader {
 public:
  enum class State : uint8_t {
    more,       // it is not whole yet
    found,      // peer() is who it is
    not_found,  // the peer says nothing: rest() is all that came
    malformed,  // what it says cannot be read; rest() is what follows
    too_long    // it announces more than anybody has to say: end the connection
  };

  // `data`: what has arrived since the last call; must not be called after more is over.
  State feed(Bytes data, std::span<const std::string> labels);
  // What follows, valid until the next call or the reader's end.
  Bytes rest() const { return rest_; }
  const PeerMetadata& peer() const { return peer_; }

 private:
  std::string kept_;
  Bytes rest_;
  PeerMetadata peer_;
};

}  // namespace outrigger
