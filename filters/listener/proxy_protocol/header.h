// Reads a PROXY protocol header, strictly. Pure. Format:
// https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "api/bytes.h"
#include "api/net/address.h"

namespace outrigger::filters::proxy_protocol {

enum class Version : uint8_t {
  none,       // it begins like neither
  undecided,  // too little is there
  v1,
  v2
};

Version detect(Bytes data);

struct Tlv {
  uint8_t type;
  Bytes value;
};

// Views into the octets that were given.
struct Header {
  size_t size = 0;     // octets that it takes
  bool local = false;  // the addresses are the connection's own: LOCAL, or UNKNOWN
  net::Address source, destination;
  std::vector<Tlv> tlvs;
};

enum class HeaderState : uint8_t {
  complete,
  need_more,
  wrong
};

HeaderState read_v1(Bytes data, Header& header);
HeaderState read_v2(Bytes data, Header& header);

}  // namespace outrigger::filters::proxy_protocol
