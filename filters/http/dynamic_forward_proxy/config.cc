#include "filters/http/dynamic_forward_proxy/config.h"

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "fmt/format.h"

#include "envoy/extensions/filters/http/dynamic_forward_proxy/v3/dynamic_forward_proxy.pb.h"

#include "filters/http/dynamic_forward_proxy/filter.h"

namespace outrigger::filters::dynamic_forward_proxy {

using envoy::extensions::filters::http::dynamic_forward_proxy::v3::FilterConfig;
using envoy::extensions::filters::http::dynamic_forward_proxy::v3::PerRouteConfig;

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context) {
  const auto& message = static_cast<const FilterConfig&>(config);
  if (!message.has_dns_cache_config())
    return absl::InvalidArgumentError("dns_cache_config: is needed");
  auto cache = context.dns_cache(message.dns_cache_config());
  if (!cache.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("dns_cache_config.{}", std::string(cache.status().message())));
  }
  auto out = std::make_shared<ForwardProxyConfig>();
  out->cache = *std::move(cache);
  out->save_upstream_address = message.save_upstream_address();
  out->host_from_filter_state = message.allow_dynamic_host_from_filter_state();
  return std::make_shared<ForwardProxyFactory>(std::move(out));
}

absl::StatusOr<std::shared_ptr<const FilterRouteConfig>> compile_route(
    const google::protobuf::Message& config, CompileContext&) {
  const auto& message = static_cast<const PerRouteConfig&>(config);
  auto out = std::make_shared<ForwardProxyRouteConfig>();
  out->host = message.host_rewrite_literal();
  out->host_header = absl::AsciiStrToLower(message.host_rewrite_header());
  return out;
}

}  // namespace outrigger::filters::dynamic_forward_proxy
