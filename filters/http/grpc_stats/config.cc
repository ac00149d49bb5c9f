#include "filters/http/grpc_stats/config.h"

#include <utility>

#include "envoy/extensions/filters/http/grpc_stats/v3/config.pb.h"

#include "filters/http/grpc_stats/filter.h"

namespace outrigger::filters::grpc_stats {

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context) {
  const auto& proto =
      static_cast<const envoy::extensions::filters::http::grpc_stats::v3::FilterConfig&>(config);
  Settings settings;
  settings.emit_filter_state = proto.emit_filter_state();
  settings.all_methods = proto.stats_for_all_methods().value();
  for (const auto& service : proto.individual_method_stats_allowlist().services()) {
    settings.methods[service.name()].insert(service.method_names().begin(),
                                            service.method_names().end());
  }
  settings.upstream_time = proto.enable_upstream_stats();
  settings.replace_dots = proto.replace_dots_in_grpc_service_name();
  return std::make_shared<GrpcStatsFactory>(std::move(settings),
                                            std::make_unique<Scopes>(context.stats()));
}

}  // namespace outrigger::filters::grpc_stats
