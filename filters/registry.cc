#include "filters/registry.h"

#include "filters/http/buffer/config.h"
#include "filters/http/cors/config.h"
#include "filters/http/fault/config.h"
#include "filters/http/header_mutation/config.h"
#include "filters/http/health_check/config.h"
#include "filters/http/router/config.h"

namespace outrigger::filters {
namespace {

// name, message, compile, message of a route's override, compile the override
constexpr HttpFilterEntry kHttpFilters[] = {
    {"envoy.filters.http.buffer", "envoy.extensions.filters.http.buffer.v3.Buffer",
     &buffer::compile, "envoy.extensions.filters.http.buffer.v3.BufferPerRoute",
     &buffer::compile_route},
    {"envoy.filters.http.cors", "envoy.extensions.filters.http.cors.v3.Cors", &cors::compile,
     "envoy.extensions.filters.http.cors.v3.CorsPolicy", &cors::compile_route},
    {"envoy.filters.http.fault", "envoy.extensions.filters.http.fault.v3.HTTPFault",
     &fault::compile, "envoy.extensions.filters.http.fault.v3.HTTPFault", &fault::compile_route},
    {"envoy.filters.http.header_mutation",
     "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation", &header_mutation::compile,
     "envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute",
     &header_mutation::compile_route},
    {"envoy.filters.http.health_check", "envoy.extensions.filters.http.health_check.v3.HealthCheck",
     &health_check::compile, nullptr, nullptr},
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
