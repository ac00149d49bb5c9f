// Compiles how a connection manager learns who its client is, and what it changes of a request
// before anything looks at it. Thread: main. Errors open with the path of the field inside the
// message. Semantics: envoy.extensions.http.original_ip_detection, early_header_mutation.
#pragma once

#include "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h"

#include "api/config/http_connection_manager.h"
#include "xds/field_errors.h"

namespace outrigger::xds {

void compile_client_detections(
    const envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager&
        message,
    config::HttpConnectionManager& out, FieldErrors& errors);

void compile_early_headers(
    const envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager&
        message,
    config::HttpConnectionManager& out, FieldErrors& errors);

}  // namespace outrigger::xds
