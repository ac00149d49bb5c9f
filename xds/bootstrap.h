// Loads a bootstrap: text -> document -> message -> checked -> compiled. Thread: main, before
// workers start (and again for --mode validate). Everything that is wrong is reported at once: the
// status' message has one line per problem, each naming the field's path and its line in the file.
// Semantics: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/bootstrap/v3/bootstrap.proto
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "api/config/bootstrap.h"
#include "xds/compile_environment.h"

namespace envoy::config::bootstrap::v3 {
class Bootstrap;
}

namespace outrigger::xds {

struct BootstrapSource {
  std::string path;  // --config-path: .yaml, .yml or .json; empty: none
  std::string yaml;  // --config-yaml: merged over the file; empty: none
  bool allow_unknown_fields =
      false;  // --allow-unknown-static-fields: a warning each instead of an error each
  // Called with the checked message before it is compiled: what the compilation uses of it. Its
  // errors are the bootstrap's, "field path: reason". Empty: nothing is to be done.
  std::function<absl::Status(const envoy::config::bootstrap::v3::Bootstrap&)> prepare = {};
  config::NodeIdentity node;  // --service-node, --service-cluster, --service-zone: what is not
                              // empty replaces the file's
};

// The message and all of its parts live in one arena, and go with it.
struct DeleteBootstrap {
  std::shared_ptr<void> arena;
  void operator()(envoy::config::bootstrap::v3::Bootstrap*) { arena.reset(); }
};
using BootstrapProto = std::unique_ptr<envoy::config::bootstrap::v3::Bootstrap, DeleteBootstrap>;

struct LoadedBootstrap {
  BootstrapProto proto;  // as loaded and merged; for /config_dump
  config::Bootstrap compiled;
  std::vector<std::string> warnings;  // one sentence each, for the log
  size_t unknown_fields = 0;          // those of the warnings that tell of one
};

absl::StatusOr<LoadedBootstrap> load_bootstrap(const BootstrapSource& source,
                                               CompileEnvironment& environment);

// Moves static_resources out of the message, into their octets: a tenth of the memory, and only
// dumps want them again. What was borrowed from the message is gone.
std::string take_static_resources(BootstrapProto& proto);

}  // namespace outrigger::xds
