#include "filters/registry.h"

#include "filters/http/router/config.h"

namespace outrigger::filters {
namespace {

// name, message, compile, message of a route's override, compile the override
constexpr HttpFilterEntry kHttpFilters[] = {
    {"envoy.filters.http.router", "envoy.extensions.filters.http.router.v3.Router",
     &router::compile, nullptr, nullptr},
};

}  // namespace

std::span<const HttpFilterEntry> http_filters() {
  return kHttpFilters;
}

const HttpFilterEntry* find_http_filter(std::string_view config_type) {
  for (const HttpFilterEntry& entry : kHttpFilters) {
    if (config_type == entry.config_type) return &entry;
  }
  return nullptr;
}

const HttpFilterEntry* find_http_filter_of_route_config(std::string_view route_config_type) {
  for (const HttpFilterEntry& entry : kHttpFilters) {
    if (entry.route_config_type != nullptr && route_config_type == entry.route_config_type)
      return &entry;
  }
  return nullptr;
}

}  // namespace outrigger::filters
