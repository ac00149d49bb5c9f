// Sets the application log up from the command line. Thread: main, before any other starts.
// Messages: proxy/runtime/log.h.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "proxy/runtime/log.h"

namespace outrigger {

struct Options;

// Reads "upstream:debug,config:trace". A component that only Envoy has is left out, so that Envoy's
// command lines keep working; any other unknown name is an error.
using ComponentLevels = std::vector<std::pair<log::Component, log::Level>>;
absl::StatusOr<ComponentLevels> parse_component_levels(std::string_view list);

// Level, component levels, file and format; then says which of the given flags do not do what they
// say. The error says which file cannot be opened.
absl::Status set_up_logging(const Options& options);

// The configuration's format (application_log_config); empty: it has none. An error if the command
// line has one too, as in Envoy.
absl::Status set_log_pattern(const Options& options, const std::string& pattern);

}  // namespace outrigger
