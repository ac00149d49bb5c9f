#include "filters/listener/http_inspector/config.h"

#include "filters/listener/http_inspector/filter.h"

namespace outrigger::filters::http_inspector {

absl::StatusOr<std::shared_ptr<const ListenerFilterFactory>> compile(
    const google::protobuf::Message& /*config*/, CompileContext& context) {
  return std::make_shared<HttpInspectorFactory>(
      context.stats().scope<HttpInspectorStats>("http_inspector."));
}

}  // namespace outrigger::filters::http_inspector
