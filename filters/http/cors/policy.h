// CorsPolicy: one level of a route's CORS rules, compiled; CorsPolicies: all levels of one request.
// A rule comes from the most specific level that has it. Thread: any; a policy is immutable.
// Lifetime: the route table's; CorsPolicies: one stream's.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/config/route_match.h"
#include "api/filter/http_filter.h"

namespace outrigger::filters::cors {

struct CorsPolicy final : FilterRouteConfig {
  std::vector<config::StringMatcher> allow_origins;
  std::string allow_methods;
  std::string allow_headers;
  std::string expose_headers;
  std::string max_age;
  std::optional<bool> allow_credentials;
  std::optional<bool> allow_private_network_access;
  std::optional<bool> forward_not_matching_preflights;
  std::optional<config::RuntimeFraction> filter_enabled;
  std::optional<config::RuntimeFraction> shadow_enabled;
};

class CorsPolicies {
 public:
  void load(FilterContext& context);

  // Only the most specific level says whether the filter acts, or only counts.
  bool enabled(FilterContext& context) const;
  bool shadow_enabled(FilterContext& context) const;

  bool allows_origin(std::string_view origin) const;
  // Empty: no level says.
  std::string_view text(std::string CorsPolicy::*rule) const;
  bool flag(std::optional<bool> CorsPolicy::*rule, bool otherwise) const;

 private:
  // Route table, virtual host, route, weighted cluster.
  static constexpr size_t kLevels = 4;

  std::array<const CorsPolicy*, kLevels> levels_{};  // most specific first
  size_t count_ = 0;
};

}  // namespace outrigger::filters::cors
