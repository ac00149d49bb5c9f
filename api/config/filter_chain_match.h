// FilterChainMatch: which connections a filter chain takes. Criteria are asked in Envoy's order,
// most specific first: destination port, destination address, server name, transport protocol,
// application protocols, directly connected source address, source type, source address, source
// port. Thread: any; immutable. Semantics: envoy.config.listener.v3.FilterChainMatch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/net/cidr.h"

namespace outrigger::config {

struct FilterChainMatch {
  enum class SourceType : uint8_t {
    any,
    same_ip_or_loopback,
    external
  };
  // Empty or absent: whatever the connection has.
  std::optional<uint16_t> destination_port;
  std::vector<net::Cidr> destination_ranges;
  std::vector<std::string> server_names;  // lower case; "*.example.com" is a suffix
  std::string transport_protocol;         // "raw_buffer", "tls"
  std::vector<std::string> application_protocols;
  std::vector<net::Cidr> direct_source_ranges;
  SourceType source_type = SourceType::any;
  std::vector<net::Cidr> source_ranges;
  std::vector<uint16_t> source_ports;
};

}  // namespace outrigger::config
