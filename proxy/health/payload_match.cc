#include "proxy/health/payload_match.h"

namespace outrigger::health {

bool matches_in_order(const std::vector<std::string>& parts, std::string_view answer) {
  for (const std::string& part : parts) {
    size_t at = answer.find(part);
    if (at == std::string_view::npos) return false;
    answer.remove_prefix(at + part.size());
  }
  return true;
}

}  // namespace outrigger::health
