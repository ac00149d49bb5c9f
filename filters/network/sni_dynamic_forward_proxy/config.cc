#include "filters/network/sni_dynamic_forward_proxy/config.h"

#include <string>
#include <utility>

#include "fmt/format.h"

#include "envoy/extensions/filters/network/sni_dynamic_forward_proxy/v3/sni_dynamic_forward_proxy.pb.h"

#include "filters/network/sni_dynamic_forward_proxy/filter.h"

namespace outrigger::filters::sni_dynamic_forward_proxy {

using envoy::extensions::filters::network::sni_dynamic_forward_proxy::v3::FilterConfig;

absl::StatusOr<std::shared_ptr<const NetworkFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context) {
  const auto& message = static_cast<const FilterConfig&>(config);
  auto cache = context.dns_cache(message.dns_cache_config());
  if (!cache.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("dns_cache_config.{}", std::string(cache.status().message())));
  }
  auto out = std::make_shared<SniForwardConfig>();
  out->cache = *std::move(cache);
  if (message.port_value() != 0) out->port = static_cast<uint16_t>(message.port_value());
  out->save_upstream_address = message.save_upstream_address();
  return std::make_shared<SniForwardFactory>(std::move(out));
}

}  // namespace outrigger::filters::sni_dynamic_forward_proxy
