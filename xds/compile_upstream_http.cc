#include "envoy/extensions/upstreams/http/v3/http_protocol_options.pb.h"

#include "xds/compile_cluster.h"
#include "xds/compile_http_options.h"
#include "xds/compile_values.h"
#include "xds/field_errors.h"

// Envoy's deprecated fields are in use everywhere, so they work here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::xds {
namespace {

using envoy::config::cluster::v3::Cluster;
using envoy::config::core::v3::Http1ProtocolOptions;
using envoy::config::core::v3::Http2ProtocolOptions;
using envoy::extensions::upstreams::http::v3::HttpProtocolOptions;
using Version = config::UpstreamHttp::Version;

constexpr const char* kOptionsName = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

void compile_common(const envoy::config::core::v3::HttpProtocolOptions& options,
                    config::UpstreamHttp& out) {
  if (options.has_idle_timeout()) {
    // A timeout of zero is none.
    auto timeout = to_milliseconds(options.idle_timeout());
    out.idle_timeout = timeout.count() == 0 ? std::nullopt : std::optional(timeout);
  }
  if (options.has_max_connection_duration())
    out.max_connection_duration = to_milliseconds(options.max_connection_duration());
  if (options.has_max_stream_duration())
    out.max_stream_duration = to_milliseconds(options.max_stream_duration());
  out.max_requests_per_connection = options.max_requests_per_connection().value();
}

// What the request says of the upstream's TLS.
void compile_names(const envoy::config::core::v3::UpstreamHttpProtocolOptions& options,
                   config::UpstreamHttp& out) {
  out.auto_sni = options.auto_sni();
  out.auto_san_validation = options.auto_san_validation();
  out.override_auto_sni_header = options.override_auto_sni_header();
}

void compile_codecs(const Http1ProtocolOptions& http1, const Http2ProtocolOptions& http2,
                    const envoy::config::core::v3::HttpProtocolOptions& common,
                    std::string_view field, config::UpstreamHttp& out, FieldErrors& errors) {
  http::HeadLimits limits = compile_head_limits(common, common.max_response_headers_kb().value());
  std::string prefix = field.empty() ? "" : std::string(field) + ".";
  out.http1 = errors.take_nested(prefix + "http_protocol_options",
                                 compile_http1_options(http1, limits, false));
  out.http2 = errors.take_nested(prefix + "http2_protocol_options",
                                 compile_http2_options(http2, limits, false));
}

absl::StatusOr<config::UpstreamHttp> compile_options(const HttpProtocolOptions& options) {
  FieldErrors errors;
  config::UpstreamHttp out;
  compile_common(options.common_http_protocol_options(), out);
  compile_names(options.upstream_http_protocol_options(), out);
  const auto& common = options.common_http_protocol_options();
  switch (options.upstream_protocol_options_case()) {
    case HttpProtocolOptions::kExplicitHttpConfig: {
      const auto& config = options.explicit_http_config();
      out.version = config.has_http2_protocol_options() ? Version::http2 : Version::http1;
      compile_codecs(config.http_protocol_options(), config.http2_protocol_options(), common,
                     "explicit_http_config", out, errors);
      break;
    }
    case HttpProtocolOptions::kUseDownstreamProtocolConfig: {
      const auto& config = options.use_downstream_protocol_config();
      out.version = Version::downstream;
      compile_codecs(config.http_protocol_options(), config.http2_protocol_options(), common,
                     "use_downstream_protocol_config", out, errors);
      break;
    }
    case HttpProtocolOptions::kAutoConfig: {
      const auto& config = options.auto_config();
      out.version = Version::alpn;
      compile_codecs(config.http_protocol_options(), config.http2_protocol_options(), common,
                     "auto_config", out, errors);
      break;
    }
    default:
      errors.add("", "names its protocol in no way that is supported");
  }
  if (!errors.empty()) return errors.status();
  return out;
}

// The fields of Cluster itself that HttpProtocolOptions replaced.
absl::StatusOr<config::UpstreamHttp> compile_fields_of_cluster(const Cluster& cluster) {
  FieldErrors errors;
  config::UpstreamHttp out;
  compile_common(cluster.common_http_protocol_options(), out);
  compile_names(cluster.upstream_http_protocol_options(), out);
  if (cluster.has_max_requests_per_connection())
    out.max_requests_per_connection = cluster.max_requests_per_connection().value();
  if (cluster.has_http2_protocol_options()) out.version = Version::http2;
  if (cluster.protocol_selection() == Cluster::USE_DOWNSTREAM_PROTOCOL)
    out.version = Version::downstream;
  compile_codecs(cluster.http_protocol_options(), cluster.http2_protocol_options(),
                 cluster.common_http_protocol_options(), "", out, errors);
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace

// Where both are set, the cluster's own fields count for nothing, as in Envoy: Istio's bootstrap
// has both.
absl::StatusOr<config::UpstreamHttp> compile_upstream_http(const Cluster& cluster) {
  FieldErrors errors;
  const HttpProtocolOptions* options = nullptr;
  HttpProtocolOptions unpacked;
  for (const auto& [name, any] : cluster.typed_extension_protocol_options()) {
    if (name == kOptionsName && is_type(any, kOptionsName) && any.UnpackTo(&unpacked)) {
      options = &unpacked;
    } else {
      errors.add("typed_extension_protocol_options",
                 "'" + name + "' is not supported by Outrigger");
    }
  }
  if (!errors.empty()) return errors.status();
  if (options == nullptr) return compile_fields_of_cluster(cluster);
  auto out = compile_options(*options);
  if (out.ok()) return out;
  errors.add_nested(std::string("typed_extension_protocol_options[\"") + kOptionsName + "\"]",
                    out.status());
  return errors.status();
}

}  // namespace outrigger::xds
