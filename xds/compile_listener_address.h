// Compiles where a listener listens. Thread: main. Errors open with the field's path inside the
// listener. Semantics: envoy.config.listener.v3.Listener.
#pragma once

#include "envoy/config/listener/v3/listener.pb.h"

#include "api/config/listener.h"
#include "xds/field_errors.h"

namespace outrigger::xds {

void compile_listener_addresses(const envoy::config::listener::v3::Listener& listener,
                                config::Listener& out, FieldErrors& errors);

}  // namespace outrigger::xds
