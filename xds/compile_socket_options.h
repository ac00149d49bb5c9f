// Compiles socket options of listeners and upstream connections. Thread: main. Errors open with the
// field's path. Semantics: envoy.config.core.v3.SocketOption.
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/repeated_field.h"

#include "envoy/config/core/v3/socket_option.pb.h"

#include "api/net/socket_option.h"

namespace outrigger::xds {

using SocketOptionMessages =
    google::protobuf::RepeatedPtrField<envoy::config::core::v3::SocketOption>;

// Those for stream sockets; what is for datagrams only is left out. `field` names the list in
// errors: "socket_options[1].level: ...".
absl::StatusOr<std::vector<net::SocketOption>> compile_socket_options(
    const SocketOptionMessages& options, std::string_view field = "socket_options");

}  // namespace outrigger::xds
