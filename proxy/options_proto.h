// What /server_info and the node say of the command line and the build. Thread: main.
#pragma once

#include "envoy/admin/v3/server_info.pb.h"
#include "envoy/config/core/v3/base.pb.h"

#include "proxy/options.h"

namespace outrigger {

envoy::admin::v3::CommandLineOptions to_proto(const Options& options);

// Puts the command line's identity over the bootstrap's node, and says what kind of proxy this is.
void complete_node(envoy::config::core::v3::Node& node, const Options& options);

}  // namespace outrigger
