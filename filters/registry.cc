#include "filters/registry.h"

#include "filters/http/alpn/config.h"
#include "filters/http/buffer/config.h"
#include "filters/http/compressor/config.h"
#include "filters/http/cors/config.h"
#include "filters/http/csrf/config.h"
#include "filters/http/custom_response/config.h"
#include "filters/http/decompressor/config.h"
#include "filters/http/dynamic_forward_proxy/config.h"
#include "filters/http/ext_authz/config.h"
#include "filters/http/fault/config.h"
#include "filters/http/grpc_http1_bridge/config.h"
#include "filters/http/grpc_stats/config.h"
#include "filters/http/grpc_web/config.h"
#include "filters/http/header_mutation/config.h"
#include "filters/http/header_to_metadata/config.h"
#include "filters/http/health_check/config.h"
#include "filters/http/jwt_authn/config.h"
#include "filters/http/local_ratelimit/config.h"
#include "filters/http/lua/config.h"
#include "filters/http/on_demand/config.h"
#include "filters/http/peer_metadata/config.h"
#include "filters/http/ratelimit/config.h"
#include "filters/http/rbac/config.h"
#include "filters/http/router/config.h"
#include "filters/http/set_filter_state/config.h"
#include "filters/http/set_metadata/config.h"
#include "filters/http/stateful_session/config.h"

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
    {"envoy.filters.http.csrf", "envoy.extensions.filters.http.csrf.v3.CsrfPolicy", &csrf::compile,
     "envoy.extensions.filters.http.csrf.v3.CsrfPolicy", &csrf::compile_route},
    {"envoy.filters.http.custom_response",
     "envoy.extensions.filters.http.custom_response.v3.CustomResponse", &custom_response::compile,
     "envoy.extensions.filters.http.custom_response.v3.CustomResponse",
     &custom_response::compile_route},
    {"envoy.filters.http.decompressor",
     "envoy.extensions.filters.http.decompressor.v3.Decompressor", &decompressor::compile, nullptr,
     nullptr},
    {"envoy.filters.http.dynamic_forward_proxy",
     "envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig",
     &dynamic_forward_proxy::compile,
     "envoy.extensions.filters.http.dynamic_forward_proxy.v3.PerRouteConfig",
     &dynamic_forward_proxy::compile_route},
    {"envoy.filters.http.ext_authz", "envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
     &ext_authz::compile, "envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute",
     &ext_authz::compile_route},
    {"envoy.filters.http.fault", "envoy.extensions.filters.http.fault.v3.HTTPFault",
     &fault::compile, "envoy.extensions.filters.http.fault.v3.HTTPFault", &fault::compile_route},
    {"envoy.filters.http.grpc_http1_bridge",
     "envoy.extensions.filters.http.grpc_http1_bridge.v3.Config", &grpc_http1_bridge::compile,
     nullptr, nullptr},
    {"envoy.filters.http.grpc_web", "envoy.extensions.filters.http.grpc_web.v3.GrpcWeb",
     &grpc_web::compile, nullptr, nullptr},
    {"envoy.filters.http.grpc_stats", "envoy.extensions.filters.http.grpc_stats.v3.FilterConfig",
     &grpc_stats::compile, nullptr, nullptr},
    {"envoy.filters.http.header_mutation",
     "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation", &header_mutation::compile,
     "envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute",
     &header_mutation::compile_route},
    {"envoy.filters.http.header_to_metadata",
     "envoy.extensions.filters.http.header_to_metadata.v3.Config", &header_to_metadata::compile,
     "envoy.extensions.filters.http.header_to_metadata.v3.Config",
     &header_to_metadata::compile_route},
    {"envoy.filters.http.health_check", "envoy.extensions.filters.http.health_check.v3.HealthCheck",
     &health_check::compile, nullptr, nullptr},
    {"envoy.filters.http.jwt_authn", "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
     &jwt_authn::compile, "envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig",
     &jwt_authn::compile_route},
    {"envoy.filters.http.lua", "envoy.extensions.filters.http.lua.v3.Lua", &lua::compile,
     "envoy.extensions.filters.http.lua.v3.LuaPerRoute", &lua::compile_route},
    {"envoy.filters.http.on_demand", "envoy.extensions.filters.http.on_demand.v3.OnDemand",
     &on_demand::compile, "envoy.extensions.filters.http.on_demand.v3.PerRouteConfig",
     &on_demand::compile_route},
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
    {"envoy.filters.http.set_filter_state",
     "envoy.extensions.filters.http.set_filter_state.v3.Config", &set_filter_state::compile,
     "envoy.extensions.filters.http.set_filter_state.v3.Config", &set_filter_state::compile_route},
    {"envoy.filters.http.set_metadata", "envoy.extensions.filters.http.set_metadata.v3.Config",
     &set_metadata::compile, nullptr, nullptr},
    {"envoy.filters.http.stateful_session",
     "envoy.extensions.filters.http.stateful_session.v3.StatefulSession",
     &stateful_session::compile,
     "envoy.extensions.filters.http.stateful_session.v3.StatefulSessionPerRoute",
     &stateful_session::compile_route},
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
