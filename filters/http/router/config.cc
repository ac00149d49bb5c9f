#include "filters/http/router/config.h"

#include <algorithm>
#include <cctype>
#include <string>

#include <fmt/format.h>

#include "envoy/extensions/filters/http/router/v3/router.pb.h"

#include "filters/http/router/filter.h"

namespace outrigger::filters::router {
namespace {

using Message = envoy::extensions::filters::http::router::v3::Router;

std::chrono::milliseconds to_milliseconds(const google::protobuf::Duration& duration) {
  return std::chrono::milliseconds(duration.seconds() * 1000 + duration.nanos() / 1'000'000);
}

void compile_strict_headers(const Message& router, RouterOptions& options) {
  for (std::string name : router.strict_check_headers()) {
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    options.strict_headers.push_back(name);
  }
}

absl::Status compile_logs(const Message& router, CompileContext& context, RouterOptions& options) {
  for (int i = 0; i < router.upstream_log_size(); ++i) {
    auto log = context.compile(router.upstream_log(i));
    if (!log.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("upstream_log[{}].{}", i, std::string(log.status().message())));
    }
    options.upstream_logs.push_back(*std::move(log));
  }
  const auto& when = router.upstream_log_options();
  options.log_on_upstream_stream = when.flush_upstream_log_on_upstream_stream();
  if (when.has_upstream_log_flush_interval())
    options.upstream_log_interval = to_milliseconds(when.upstream_log_flush_interval());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context) {
  const auto& router = static_cast<const Message&>(config);
  RouterOptions options;
  options.suppress_envoy_headers = router.suppress_envoy_headers();
  options.respect_expected_rq_timeout = router.respect_expected_rq_timeout();
  options.suppress_grpc_request_failure_code_stats =
      router.suppress_grpc_request_failure_code_stats();
  if (router.has_dynamic_stats()) options.dynamic_stats = router.dynamic_stats().value();
  compile_strict_headers(router, options);
  if (absl::Status status = compile_logs(router, context, options); !status.ok()) return status;
  auto filters = context.compile_upstream_filters(router);
  if (!filters.ok()) return filters.status();
  options.upstream_filters = *std::move(filters);
  return std::make_shared<RouterFactory>(options);
}

}  // namespace outrigger::filters::router
