#include "filters/http/health_check/config.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "google/protobuf/util/time_util.h"
#include <fmt/format.h>

#include "envoy/extensions/filters/http/health_check/v3/health_check.pb.h"

#include "filters/http/health_check/filter.h"

namespace outrigger::filters::health_check {

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context) {
  const auto& proto =
      static_cast<const envoy::extensions::filters::http::health_check::v3::HealthCheck&>(config);
  HealthCheckRules rules;
  rules.pass_through = proto.pass_through_mode().value();
  rules.cache_time = std::chrono::milliseconds(
      google::protobuf::util::TimeUtil::DurationToMilliseconds(proto.cache_time()));
  if (!rules.pass_through && rules.cache_time.count() != 0) {
    return absl::InvalidArgumentError(
        "cache_time: must not be set where pass_through_mode is false: there is no response to "
        "keep");
  }
  for (int i = 0; i < proto.headers_size(); ++i) {
    auto match = context.compile(proto.headers(i));
    if (!match.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("headers[{}].{}", i, std::string(match.status().message())));
    }
    rules.headers.push_back(*std::move(match));
  }
  if (!rules.pass_through) {
    for (const auto& [cluster, percentage] : proto.cluster_min_healthy_percentages()) {
      rules.clusters.push_back({cluster, static_cast<uint64_t>(percentage.value())});
    }
    // The first cluster that fails names the reason: the same one in every run.
    std::sort(rules.clusters.begin(), rules.clusters.end(),
              [](const auto& a, const auto& b) { return a.cluster < b.cluster; });
  }
  return std::make_shared<HealthCheckFactory>(std::move(rules));
}

}  // namespace outrigger::filters::health_check
