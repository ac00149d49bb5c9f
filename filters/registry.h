// The ONLY lists of HTTP and network filters, read by eyes. Thread: any; constant.
// A filter that is not here does not exist: configuration that names its type is refused.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "absl/status/statusor.h"

#include "api/filter/compile_context.h"
#include "api/filter/http_filter.h"
#include "api/filter/network_filter.h"

namespace google::protobuf {
class Message;
}

namespace outrigger::filters {

struct HttpFilterEntry {
  const char* name;         // Envoy's canonical name
  const char* config_type;  // full name of the message in typed_config; the message given to
                            // `compile` is of this type
  absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> (*compile)(
      const google::protobuf::Message& config, CompileContext& context);
  const char* route_config_type;  // of typed_per_filter_config; nullptr: the filter has none
  absl::StatusOr<std::shared_ptr<const FilterRouteConfig>> (*compile_route)(
      const google::protobuf::Message& config, CompileContext& context);
};

std::span<const HttpFilterEntry> http_filters();
// By the full name of its message; nullptr: no such filter.
const HttpFilterEntry* find_http_filter(std::string_view config_type);
const HttpFilterEntry* find_http_filter_of_route_config(std::string_view route_config_type);

struct NetworkFilterEntry {
  const char* name;         // Envoy's canonical name
  const char* config_type;  // full name of the message in typed_config
  absl::StatusOr<std::shared_ptr<const NetworkFilterFactory>> (*compile)(
      const google::protobuf::Message& config, CompileContext& context);
};

std::span<const NetworkFilterEntry> network_filters();
// By the full name of its message; nullptr: no such filter.
const NetworkFilterEntry* find_network_filter(std::string_view config_type);

}  // namespace outrigger::filters
