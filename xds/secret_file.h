// Reads a file of secrets: a discovery response in YAML or JSON with `resources` of type
// envoy.extensions.transport_sockets.tls.v3.Secret. Thread: main.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "envoy/extensions/transport_sockets/tls/v3/secret.pb.h"

namespace outrigger::xds {

absl::StatusOr<std::vector<envoy::extensions::transport_sockets::tls::v3::Secret>> load_secret_file(
    const std::string& path);

}  // namespace outrigger::xds
