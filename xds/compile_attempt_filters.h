// Compiles the HTTP filters that a router's attempts pass: Router.upstream_http_filters and
// HttpProtocolOptions.http_filters. Thread: main. Errors open with the path of the field inside the
// message: "http_filters[1].typed_config: ...".
#pragma once

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "google/protobuf/repeated_field.h"

#include "envoy/config/cluster/v3/cluster.pb.h"
#include "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h"

#include "api/config/upstream_filters.h"
#include "api/filter/compile_context.h"
#include "xds/compile_environment.h"

namespace outrigger::xds {

using HttpFilterMessages = google::protobuf::RepeatedPtrField<
    envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter>;

// nullptr: there are none. `field` names the filters in errors.
absl::StatusOr<std::shared_ptr<const config::UpstreamFilters>> compile_attempt_filters(
    const HttpFilterMessages& filters, std::string_view field, CompileContext& context);

// Those of a cluster.
absl::StatusOr<std::shared_ptr<const config::UpstreamFilters>> compile_attempt_filters(
    const envoy::config::cluster::v3::Cluster& cluster, CompileEnvironment& environment);

}  // namespace outrigger::xds
