// Addresses as access logs show them, without allocation.
#pragma once

#include <cstddef>
#include <string_view>

#include "api/net/address.h"

namespace outrigger::observe {

// "10.0.0.1:80", "[::1]:80", "/run/x.sock". Longest: a Unix path.
constexpr size_t kMaxAddressText = 128;

// Writes into `to` (kMaxAddressText long); empty for an address that is not set.
std::string_view address_text(const net::Address& address, bool with_port, char* to);

// The network of `bits` that the address is in: "10.1.0.0/16". More bits than the address has: all.
std::string_view network_text(const net::Address& address, unsigned bits, char* to);

}  // namespace outrigger::observe
