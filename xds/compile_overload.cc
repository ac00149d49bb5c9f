#include "xds/compile_overload.h"

#include <set>
#include <string>

#include "fmt/format.h"

#include "envoy/extensions/resource_monitors/downstream_connections/v3/downstream_connections.pb.h"

#include "xds/field_errors.h"

namespace outrigger::xds {

absl::StatusOr<std::optional<int64_t>> compile_connection_limit(
    const envoy::config::overload::v3::OverloadManager& overload) {
  using envoy::extensions::resource_monitors::downstream_connections::v3::
      DownstreamConnectionsConfig;
  FieldErrors errors;
  std::optional<int64_t> limit;
  std::set<std::string> names;
  for (int i = 0; i < overload.resource_monitors_size(); ++i) {
    const auto& monitor = overload.resource_monitors(i);
    if (!names.insert(monitor.name()).second) {
      errors.add(indexed("resource_monitors", i) + ".name",
                 fmt::format("Duplicate resource monitor {}", monitor.name()));
    }
    DownstreamConnectionsConfig connections;
    if (monitor.typed_config().Is<DownstreamConnectionsConfig>() &&
        monitor.typed_config().UnpackTo(&connections))
      limit = connections.max_active_downstream_connections();
  }
  if (!errors.empty()) return errors.status();
  return limit;
}

}  // namespace outrigger::xds
