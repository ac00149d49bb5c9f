// HTTP filters of a connection manager and their overrides in routes, compiled through the registry
// (filters/registry.h). Thread: main. Errors name the filter and, for an extension that we do not
// have, its type URL. Semantics: envoy...http_connection_manager.v3.HttpFilter,
// envoy.config.route.v3.FilterConfig.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/map.h"

#include "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h"

#include "api/config/http_connection_manager.h"
#include "api/config/route.h"
#include "api/filter/compile_context.h"
#include "xds/compile_environment.h"

namespace outrigger::xds {

// typed_per_filter_config of one level: route configuration, virtual host, route or weighted
// cluster.
absl::StatusOr<config::PerFilterConfig> compile_per_filter_config(
    const google::protobuf::Map<std::string, google::protobuf::Any>& configs,
    CompileContext& context);

// A filter's factory from its typed_config.
absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile_http_filter(
    const std::string& name, const google::protobuf::Any& typed_config, CompileContext& context);

// The whole chain; its last filter must be the router, and only its last.
absl::StatusOr<std::vector<config::HttpFilterEntry>> compile_http_filters(
    const google::protobuf::RepeatedPtrField<
        envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter>& filters,
    CompileContext& context, CompileEnvironment& environment);

}  // namespace outrigger::xds
