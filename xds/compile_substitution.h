// Compiles Envoy's command strings ("%REQ(X?Y):10%") and what is made of them. Thread: main.
// Grammar: https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage
// A command that Envoy has and we do not is refused by its name, so that no log is silently poorer
// than its configuration.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "google/protobuf/struct.pb.h"

#include "api/config/substitution.h"

namespace outrigger::xds {

// What the formatters that stand beside a format allow in it.
struct Formatters {
  bool req_without_query = false;
};

absl::StatusOr<config::SubstitutionFormat> compile_substitution(std::string_view format,
                                                                const Formatters& formatters = {});

// Errors open with the key's path: "outer.inner: ...".
absl::StatusOr<config::JsonFormat> compile_json_format(const google::protobuf::Struct& format,
                                                       const Formatters& formatters = {});

// The text that Envoy writes where no format is configured, with its line end.
std::string_view default_log_format();

}  // namespace outrigger::xds
