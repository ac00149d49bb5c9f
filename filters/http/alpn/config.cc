#include "filters/http/alpn/config.h"

#include "filters/http/alpn/filter.h"
#include "istio_alpn.pb.h"

namespace outrigger::filters::alpn {
namespace {

using istio::envoy::config::filter::http::alpn::v2alpha1::FilterConfig;

std::string joined(const FilterConfig::AlpnOverride& message) {
  std::string out;
  for (const std::string& protocol : message.alpn_override()) {
    if (!out.empty()) out += ',';
    out += protocol;
  }
  return out;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext&) {
  const auto& message = static_cast<const FilterConfig&>(config);
  Overrides overrides;
  for (const auto& entry : message.alpn_override()) {
    std::string& place = entry.upstream_protocol() == FilterConfig::HTTP2    ? overrides.http2
                         : entry.upstream_protocol() == FilterConfig::HTTP11 ? overrides.http11
                                                                             : overrides.http10;
    if (place.empty()) place = joined(entry);
  }
  return std::make_shared<AlpnFactory>(std::move(overrides));
}

}  // namespace outrigger::filters::alpn
