// envoy.filters.http.on_demand: a request for a virtual host that its route table does not have
// waits until the management server was asked for it (VHDS); with `odcds`, so does one whose route
// names a cluster that is not there (on-demand CDS). What it does needs the stream's insides, so it
// is there: proxy/stream/on_demand_filter. Semantics:
// envoy.extensions.filters.http.on_demand.v3.OnDemand
#pragma once

#include <memory>

#include "absl/status/statusor.h"

#include "api/filter/compile_context.h"
#include "api/filter/http_filter.h"

namespace google::protobuf {
class Message;
}

namespace outrigger::filters::on_demand {

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context);
// A route's own takes the place of the filter's.
absl::StatusOr<std::shared_ptr<const FilterRouteConfig>> compile_route(
    const google::protobuf::Message& config, CompileContext& context);

}  // namespace outrigger::filters::on_demand
