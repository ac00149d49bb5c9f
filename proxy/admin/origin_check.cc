#include "proxy/admin/origin_check.h"

#include "absl/strings/match.h"

namespace outrigger::admin {

bool same_origin(std::string_view origin, std::string_view host) {
  if (origin.empty()) return true;
  size_t scheme_end = origin.find("://");
  if (scheme_end == std::string_view::npos) return false;  // "null": a sandboxed page or a file
  std::string_view site = origin.substr(scheme_end + 3);
  return absl::EqualsIgnoreCase(absl::string_view(site.data(), site.size()),
                                absl::string_view(host.data(), host.size()));
}

}  // namespace outrigger::admin
