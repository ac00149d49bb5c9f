#include "filters/listener/tls_inspector/config.h"

#include "fmt/format.h"

#include "envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector.pb.h"

#include "filters/listener/tls_inspector/filter.h"

namespace outrigger::filters::tls_inspector {

absl::StatusOr<std::shared_ptr<const ListenerFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context) {
  const auto& proto =
      static_cast<const envoy::extensions::filters::listener::tls_inspector::v3::TlsInspector&>(
          config);
  Settings settings;
  settings.ja3 = proto.enable_ja3_fingerprinting().value();
  settings.ja4 = proto.enable_ja4_fingerprinting().value();
  settings.close_on_errors = proto.close_connection_on_client_hello_parsing_errors();
  if (proto.has_max_client_hello_size()) settings.max_hello = proto.max_client_hello_size().value();
  if (settings.max_hello > Settings::kLargestHello) {
    return absl::InvalidArgumentError(
        fmt::format("max_client_hello_size: {} is greater than the maximum of {}",
                    settings.max_hello, Settings::kLargestHello));
  }
  settings.stats = context.stats().scope<TlsInspectorStats>("tls_inspector.");
  return std::make_shared<TlsInspectorFactory>(std::move(settings));
}

}  // namespace outrigger::filters::tls_inspector
