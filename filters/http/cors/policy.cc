#include "filters/http/cors/policy.h"

namespace outrigger::filters::cors {

void CorsPolicies::load(FilterContext& context) {
  const FilterRouteConfig* configs[kLevels];
  count_ = context.route_configs(configs, kLevels);
  for (size_t i = 0; i < count_; ++i) {
    levels_[count_ - 1 - i] = static_cast<const CorsPolicy*>(configs[i]);
  }
}

bool CorsPolicies::enabled(FilterContext& context) const {
  if (count_ == 0) return false;
  const auto& fraction = levels_[0]->filter_enabled;
  return !fraction || context.fraction(*fraction);
}

bool CorsPolicies::shadow_enabled(FilterContext& context) const {
  if (count_ == 0) return false;
  const auto& fraction = levels_[0]->shadow_enabled;
  return fraction && context.fraction(*fraction);
}

bool CorsPolicies::allows_origin(std::string_view origin) const {
  for (size_t i = 0; i < count_; ++i) {
    if (levels_[i]->allow_origins.empty()) continue;
    for (const config::StringMatcher& allowed : levels_[i]->allow_origins) {
      // A matcher that takes "*" takes every origin.
      if (allowed.matches("*") || allowed.matches(origin)) return true;
    }
    return false;
  }
  return false;
}

std::string_view CorsPolicies::text(std::string CorsPolicy::*rule) const {
  for (size_t i = 0; i < count_; ++i) {
    if (!(levels_[i]->*rule).empty()) return levels_[i]->*rule;
  }
  return {};
}

bool CorsPolicies::flag(std::optional<bool> CorsPolicy::*rule, bool otherwise) const {
  for (size_t i = 0; i < count_; ++i) {
    if (levels_[i]->*rule) return *(levels_[i]->*rule);
  }
  return otherwise;
}

}  // namespace outrigger::filters::cors
