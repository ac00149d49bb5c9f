// The ONLY list of listener filters, read by eyes. Thread: any; constant.
// A filter that is not here does not exist: configuration that names its type is refused.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "absl/status/statusor.h"

#include "api/filter/compile_context.h"
#include "api/filter/listener_filter.h"

namespace google::protobuf {
class Message;
}

namespace outrigger::filters {

struct ListenerFilterEntry {
  const char* name;         // Envoy's canonical name
  const char* config_type;  // full name of the message in typed_config; the message given to
                            // `compile` is of this type
  absl::StatusOr<std::shared_ptr<const ListenerFilterFactory>> (*compile)(
      const google::protobuf::Message& config, CompileContext& context);
};

std::span<const ListenerFilterEntry> listener_filters();
// By the full name of its message, by its canonical name; nullptr: no such filter.
const ListenerFilterEntry* find_listener_filter(std::string_view config_type);
const ListenerFilterEntry* find_listener_filter_by_name(std::string_view name);

}  // namespace outrigger::filters
