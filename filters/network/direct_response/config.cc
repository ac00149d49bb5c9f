#include "filters/network/direct_response/config.h"

#include <fmt/format.h>

#include "envoy/extensions/filters/network/direct_response/v3/config.pb.h"

#include "filters/network/direct_response/filter.h"

namespace outrigger::filters::direct_response {

using envoy::extensions::filters::network::direct_response::v3::Config;

absl::StatusOr<std::shared_ptr<const NetworkFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context) {
  const auto& message = static_cast<const Config&>(config);
  std::string response;
  if (message.has_response()) {
    auto content = context.read(message.response());
    if (!content.ok())
      return absl::InvalidArgumentError(
          fmt::format("response: {}", std::string(content.status().message())));
    response = *std::move(content);
  }
  return std::make_shared<DirectResponseFactory>(std::move(response));
}

}  // namespace outrigger::filters::direct_response
