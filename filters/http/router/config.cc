#include "filters/http/router/config.h"

#include "envoy/extensions/filters/http/router/v3/router.pb.h"

#include "filters/http/router/filter.h"

namespace outrigger::filters::router {

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& /*context*/) {
  const auto& router =
      static_cast<const envoy::extensions::filters::http::router::v3::Router&>(config);
  RouterOptions options;
  options.suppress_envoy_headers = router.suppress_envoy_headers();
  options.respect_expected_rq_timeout = router.respect_expected_rq_timeout();
  options.suppress_grpc_request_failure_code_stats =
      router.suppress_grpc_request_failure_code_stats();
  if (router.has_dynamic_stats()) options.dynamic_stats = router.dynamic_stats().value();
  return std::make_shared<RouterFactory>(options);
}

}  // namespace outrigger::filters::router
