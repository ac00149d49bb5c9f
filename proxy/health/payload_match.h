// What an answer has to contain: octets, one part after the other, anything between them. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace outrigger::health {

bool matches_in_order(const std::vector<std::string>& parts, std::string_view answer);

}  // namespace outrigger::health
