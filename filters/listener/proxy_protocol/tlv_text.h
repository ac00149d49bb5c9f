// The content of a TLV as text for metadata and filter state. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace outrigger::filters::proxy_protocol {

// Valid UTF-8: every octet that is none becomes '!', as in Envoy.
std::string utf8_text(std::string_view octets);
// {"key":"value",...}; the values are UTF-8.
std::string json_text(const std::vector<std::pair<std::string, std::string>>& members);

}  // namespace outrigger::filters::proxy_protocol
