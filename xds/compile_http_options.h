// Options of the HTTP codecs, of both sides. Thread: main. Errors open with the field's path.
// Defaults are Envoy's, and stand in api/http/codec_options.h.
#pragma once

#include "absl/status/statusor.h"

#include "envoy/config/core/v3/protocol.pb.h"

#include "api/http/codec_options.h"

namespace outrigger::xds {

// Limits of heads and the underscore policy; `kilobytes` 0: the default.
http::HeadLimits compile_head_limits(const envoy::config::core::v3::HttpProtocolOptions& options,
                                     uint32_t kilobytes);

// `stream_error` holds where the message says nothing of invalid messages.
absl::StatusOr<http::Http1Options> compile_http1_options(
    const envoy::config::core::v3::Http1ProtocolOptions& options, const http::HeadLimits& limits,
    bool stream_error);
absl::StatusOr<http::Http2Options> compile_http2_options(
    const envoy::config::core::v3::Http2ProtocolOptions& options, const http::HeadLimits& limits,
    bool stream_error);

}  // namespace outrigger::xds
