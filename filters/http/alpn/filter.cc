#include "filters/http/alpn/filter.h"

#include "api/config/cluster.h"

namespace outrigger::filters::alpn {
namespace {

using Version = config::UpstreamHttp::Version;

constexpr std::string_view kApplicationProtocols = "envoy.network.application_protocols";

http::Protocol upstream_protocol(const config::Cluster& cluster, http::Protocol downstream) {
  switch (cluster.http->version) {
    case Version::http1:
      return http::Protocol::http11;
    case Version::downstream:
      return downstream;
    case Version::http2:
    case Version::alpn:  // the first that it may be
      break;
  }
  return http::Protocol::http2;
}

}  // namespace

Verdict AlpnFilter::on_request_headers(FilterContext& context, http::HeaderMap&, bool) {
  std::string_view name = context.route_cluster();
  const config::Cluster* cluster = name.empty() ? nullptr : context.find_cluster(name);
  if (cluster == nullptr) return Verdict::next();
  StreamInfo& info = context.info();
  http::Protocol protocol =
      upstream_protocol(*cluster, info.protocol.value_or(http::Protocol::http11));
  const std::string& offered = protocol == http::Protocol::http2    ? overrides_.http2
                               : protocol == http::Protocol::http10 ? overrides_.http10
                                                                    : overrides_.http11;
  if (offered.empty()) return Verdict::next();
  if (info.extras == nullptr) info.extras = make_in_arena<StreamExtras>(context.arena());
  info.extras->filter_state.set(kApplicationProtocols, offered);
  return Verdict::next();
}

}  // namespace outrigger::filters::alpn
