#include "filters/registry.h"

#include "filters/http/alpn/config.h"
#include "filters/http/buffer/config.h"
#include "filters/http/compressor/config.h"
#include "filters/http/cors/config.h"
#include "filters/http/ext_authz/config.h"
#include "filters/http/fault/config.h"
#include "filters/http/grpc_stats/config.h"
#include "filters/http/header_mutation/config.h"
#include "filters/http/health_check/config.h"
#include "filters/http/jwt_authn/config.h"
#include "filters/http/local_ratelimit/config.h"
#include "filters/http/lua/config.h"
#include "filters/http/on_demand/config.h"
#include "filters/http/peer_metadata/config.h"
#include "filters/http/ratelimit/config.h"
#include "filters/http/rbac/config.h"
#include "filters/http/router/config.h"

namespace outrigger::filters {
namespace {

// name, message, compile, message of a route's override, compile the override
constexpr HttpFilterEntry kHttpFilters[] = {
    {"istio.alpn", "istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig", &alpn::compile,
     nullptr, nullptr},
    {"envoy.filters.http.buffer", "envoy.extensions.filters.http.buffer.v3.Buffer",
     &buffer::compile, "envoy.extensions.filters.http.buffer.v3.BufferPerRoute",
     &buffer::compile_route},
    {"envoy.filters.http.compressor", "envoy.extensions.filters.http.compressor.v3.Compressor",
     &compressor::compile, "envoy.extensions.filters.http.compressor.v3.CompressorPerRoute",
     &compressor::compile_route},
    {"envoy.filters.http.cors", "envoy.extensions.filters.http.cors.v3.Cors", &cors::compile,
     "envoy.extensions.filters.http.cors.v3.CorsPolicy", &cors::compile_route},
    {"envoy.filters.http.ext_authz", "envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
     &ext_authz::compile, "envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute",
     &ext_authz::compile_route},
    {"envoy.filters.http.fault", "envoy.extensions.filters.http.fault.v3.HTTPFault",
     &fault::compile, "envoy.extensions.filters.http.fault.v3.HTTPFault", &fault::compile_route},
    {"envoy.filters.http.grpc_stats", "envoy.extensions.filters.http.grpc_stats.v3.FilterConfig",
     &grpc_stats::compile, nullptr, nullptr},
    {"envoy.filters.http.header_mutation",
     "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation", &header_mutation::compile,
     "envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute",
     &header_mutation::compile_route},
    {"envoy.filters.http.health_check", "envoy.extensions.filters.http.health_check.v3.HealthCheck",
     &health_check::compile, nullptr, nullptr},
    {"envoy.filters.http.jwt_authn", "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
     &jwt_authn::compile, "envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig",
     &jwt_authn::compile_route},
    {"envoy.filters.http.lua", "envoy.extensions.filters.http.lua.v3.Lua", &lua::compile,
     "envoy.extensions.filters.http.lua.v3.LuaPerRoute", &lua::compile_route},
    {"envoy.filters.http.on_demand", "envoy.extensions.filters.http.on_demand.v3.OnDemand",
     &on_demand::compile, nullptr, nullptr},
    {"envoy.filters.http.peer_metadata", "io.istio.http.peer_metadata.Config",
     &peer_metadata::compile, nullptr, nullptr},
    {"envoy.filters.http.ratelimit", "envoy.extensions.filters.http.ratelimit.v3.RateLimit",
     &ratelimit::compile, "envoy.extensions.filters.http.ratelimit.v3.RateLimitPerRoute",
     &ratelimit::compile_route},
    {"envoy.filters.http.rbac", "envoy.extensions.filters.http.rbac.v3.RBAC", &http_rbac::compile,
     "envoy.extensions.filters.http.rbac.v3.RBACPerRoute", &http_rbac::compile_route},
    {"envoy.filters.http.local_ratelimit",
     "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
     &http_local_ratelimit::compile,
     "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
     &http_local_ratelimit::compile_route},
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
