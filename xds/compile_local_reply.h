// Compiles local_reply_config. Thread: main. Errors open with the field's path.
// Semantics: envoy...http_connection_manager.v3.LocalReplyConfig.
#pragma once

#include <memory>

#include "absl/status/statusor.h"

#include "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h"

#include "api/config/http_connection_manager.h"

namespace outrigger::xds {

absl::StatusOr<std::shared_ptr<const config::LocalReplyConfig>> compile_local_reply(
    const envoy::extensions::filters::network::http_connection_manager::v3::LocalReplyConfig&
        message);

}  // namespace outrigger::xds
