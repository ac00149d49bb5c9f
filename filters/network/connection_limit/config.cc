#include "filters/network/connection_limit/config.h"

#include "google/protobuf/util/time_util.h"

#include "envoy/extensions/filters/network/connection_limit/v3/connection_limit.pb.h"

#include "filters/network/connection_limit/filter.h"

namespace outrigger::filters::connection_limit {

using envoy::extensions::filters::network::connection_limit::v3::ConnectionLimit;
using google::protobuf::util::TimeUtil;

absl::StatusOr<std::shared_ptr<const NetworkFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context) {
  const auto& message = static_cast<const ConnectionLimit&>(config);
  auto limit = std::make_shared<Limit>();
  limit->max_connections = message.max_connections().value();
  if (message.has_delay()) {
    limit->delay = std::chrono::milliseconds(TimeUtil::DurationToMilliseconds(message.delay()));
  }
  if (message.has_runtime_enabled()) {
    limit->enabled = message.runtime_enabled().default_value().value();
    limit->runtime_key = message.runtime_enabled().runtime_key();
  }
  limit->stats = context.stats().scope<ConnectionLimitStats>(
      "connection_limit." + message.stat_prefix() + ".", "connection_limit.",
      {{"envoy.connection_limit_prefix", message.stat_prefix()}});
  return std::make_shared<ConnectionLimitFactory>(std::move(limit));
}

}  // namespace outrigger::filters::connection_limit
