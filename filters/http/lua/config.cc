#include "filters/http/lua/config.h"

#include <string>

#include "envoy/extensions/filters/http/lua/v3/lua.pb.h"

// Envoy's deprecated fields are in use everywhere, so they work here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::filters::lua {
namespace {

using envoy::extensions::filters::http::lua::v3::Lua;

class LuaFactory final : public HttpFilterFactory {
 public:
  ArenaPtr<HttpFilter> create(Arena& arena) const override {
    return make_in_arena<HttpFilter>(arena);
  }
};

constexpr const char* kRefused =
    "a script is not run by Outrigger, and what it does to requests would be missing";

}  // namespace

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context) {
  const auto& message = static_cast<const Lua&>(config);
  if (!message.inline_code().empty())
    return absl::InvalidArgumentError(std::string("inline_code: ") + kRefused);
  if (!message.has_default_source_code()) return std::make_shared<LuaFactory>();
  auto script = context.read(message.default_source_code());
  if (!script.ok()) {
    return absl::InvalidArgumentError("default_source_code: " +
                                      std::string(script.status().message()));
  }
  if (!script->empty())
    return absl::InvalidArgumentError(std::string("default_source_code: ") + kRefused);
  return std::make_shared<LuaFactory>();
}

absl::StatusOr<std::shared_ptr<const FilterRouteConfig>> compile_route(
    const google::protobuf::Message&, CompileContext&) {
  return std::make_shared<FilterRouteConfig>();
}

}  // namespace outrigger::filters::lua
