#include "filters/http/fault/config.h"

#include <string>
#include <utility>

#include "google/protobuf/util/time_util.h"
#include <fmt/format.h>

#include "envoy/config/core/v3/base.pb.h"
#include "envoy/extensions/filters/http/fault/v3/fault.pb.h"

#include "api/filter/filter_stats.h"
#include "filters/http/fault/fault_headers.h"
#include "filters/http/fault/filter.h"

namespace outrigger::filters::fault {
namespace {

using envoy::extensions::filters::http::fault::v3::FaultAbort;
using envoy::extensions::filters::http::fault::v3::HTTPFault;
using envoy::type::v3::FractionalPercent;

std::string key_or(const std::string& configured, const char* otherwise) {
  return configured.empty() ? otherwise : configured;
}

uint32_t unit_of(FractionalPercent::DenominatorType denominator) {
  switch (denominator) {
    case FractionalPercent::MILLION:
      return 1;
    case FractionalPercent::TEN_THOUSAND:
      return 100;
    default:
      return 10'000;
  }
}

Chance compile_chance(const FractionalPercent& percentage, std::string key, std::string_view header,
                      CompileContext& context) {
  envoy::config::core::v3::RuntimeFractionalPercent fraction;
  *fraction.mutable_default_value() = percentage;
  fraction.set_runtime_key(std::move(key));
  return {context.compile(fraction), unit_of(percentage.denominator()), header};
}

Delay compile_delay(const HTTPFault& fault, CompileContext& context) {
  const auto& proto = fault.delay();
  Delay delay;
  if (proto.has_fixed_delay()) {
    delay.fixed = std::chrono::milliseconds(
        google::protobuf::util::TimeUtil::DurationToMilliseconds(proto.fixed_delay()));
  }
  delay.chance = compile_chance(
      proto.percentage(),
      key_or(fault.delay_percent_runtime(), "fault.http.delay.fixed_delay_percent"),
      proto.has_header_delay() ? header::kDelayPercentage : std::string_view(), context);
  return delay;
}

Abort compile_abort(const HTTPFault& fault, CompileContext& context) {
  const FaultAbort& proto = fault.abort();
  Abort abort;
  abort.by_header = proto.has_header_abort();
  if (proto.error_type_case() == FaultAbort::kHttpStatus) abort.http_status = proto.http_status();
  if (proto.error_type_case() == FaultAbort::kGrpcStatus) abort.grpc_status = proto.grpc_status();
  abort.chance = compile_chance(
      proto.percentage(), key_or(fault.abort_percent_runtime(), "fault.http.abort.abort_percent"),
      abort.by_header ? header::kAbortPercentage : std::string_view(), context);
  return abort;
}

RateLimit compile_rate_limit(const HTTPFault& fault, CompileContext& context) {
  const auto& proto = fault.response_rate_limit();
  RateLimit limit;
  if (proto.has_fixed_limit()) limit.kib_per_second = proto.fixed_limit().limit_kbps();
  limit.chance = compile_chance(
      proto.percentage(),
      key_or(fault.response_rate_limit_percent_runtime(), "fault.http.rate_limit.response_percent"),
      proto.has_header_limit() ? header::kThroughputPercentage : std::string_view(), context);
  return limit;
}

absl::StatusOr<FaultSettings> compile_settings(const HTTPFault& fault, CompileContext& context) {
  FaultSettings settings;
  if (fault.has_delay()) settings.delay = compile_delay(fault, context);
  if (fault.has_abort()) settings.abort = compile_abort(fault, context);
  if (fault.has_response_rate_limit()) settings.rate_limit = compile_rate_limit(fault, context);
  settings.upstream_cluster = fault.upstream_cluster();
  for (int i = 0; i < fault.headers_size(); ++i) {
    auto match = context.compile(fault.headers(i));
    if (!match.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("headers[{}].{}", i, std::string(match.status().message())));
    }
    settings.headers.push_back(*std::move(match));
  }
  settings.downstream_nodes.assign(fault.downstream_nodes().begin(),
                                   fault.downstream_nodes().end());
  if (fault.has_max_active_faults()) {
    settings.max_active_faults = fault.max_active_faults().value();
  }
  settings.delay_duration_key =
      key_or(fault.delay_duration_runtime(), "fault.http.delay.fixed_duration_ms");
  settings.http_status_key =
      key_or(fault.abort_http_status_runtime(), "fault.http.abort.http_status");
  settings.grpc_status_key =
      key_or(fault.abort_grpc_status_runtime(), "fault.http.abort.grpc_status");
  settings.max_active_key =
      key_or(fault.max_active_faults_runtime(), "fault.http.max_active_faults");
  settings.disable_downstream_cluster_stats = fault.disable_downstream_cluster_stats();
  return settings;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context) {
  auto settings = compile_settings(static_cast<const HTTPFault&>(config), context);
  if (!settings.ok()) return settings.status();
  return std::make_shared<FaultFactory>(
      *std::move(settings), FaultCounters(context.stats(), filter_stat_names(context, "fault.")));
}

absl::StatusOr<std::shared_ptr<const FilterRouteConfig>> compile_route(
    const google::protobuf::Message& config, CompileContext& context) {
  auto settings = compile_settings(static_cast<const HTTPFault&>(config), context);
  if (!settings.ok()) return settings.status();
  auto route = std::make_shared<FaultRouteConfig>();
  route->settings = *std::move(settings);
  return route;
}

}  // namespace outrigger::filters::fault
