#include "filters/http/lua/config.h"

#include <string>
#include <utility>

#include "envoy/extensions/filters/http/lua/v3/lua.pb.h"

#include "api/filter/filter_stats.h"
#include "api/struct_wire.h"
#include "filters/http/lua/filter.h"

// Envoy's deprecated fields are in use everywhere, so they work here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::filters::lua {
namespace {

using envoy::config::core::v3::DataSource;
using envoy::extensions::filters::http::lua::v3::Lua;
using envoy::extensions::filters::http::lua::v3::LuaPerRoute;
using ScriptPtr = std::shared_ptr<const Script>;

absl::Status in_field(std::string_view field, const absl::Status& status) {
  return absl::InvalidArgumentError(std::string(field) + ": " + std::string(status.message()));
}

absl::StatusOr<ScriptPtr> load(std::string_view field, std::string code) {
  auto script = Script::load(std::move(code));
  if (!script.ok()) return in_field(field, script.status());
  return script;
}

absl::StatusOr<ScriptPtr> load(std::string_view field, const DataSource& source,
                               CompileContext& context) {
  auto code = context.read(source);
  if (!code.ok()) return in_field(field, code.status());
  return load(field, std::move(*code));
}

absl::StatusOr<ScriptPtr> load_own(const Lua& message, CompileContext& context) {
  if (message.has_default_source_code()) {
    if (!message.inline_code().empty()) {
      return absl::InvalidArgumentError(
          "inline_code: only one of inline_code and default_source_code can be set");
    }
    return load("default_source_code", message.default_source_code(), context);
  }
  if (message.inline_code().empty()) return nullptr;
  return load("inline_code", message.inline_code());
}

}  // namespace

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context) {
  const auto& message = static_cast<const Lua&>(config);
  LuaSettings settings;
  auto own = load_own(message, context);
  if (!own.ok()) return own.status();
  settings.script = std::move(*own);
  for (const auto& [name, source] : message.source_codes()) {
    auto script = load("source_codes[" + name + "]", source, context);
    if (!script.ok()) return script.status();
    settings.named.emplace(name, std::move(*script));
  }
  if (message.has_clear_route_cache()) settings.clear_route = message.clear_route_cache().value();
  auto format = context.compile_format("%VIRTUAL_CLUSTER_NAME%");
  if (!format.ok()) return format.status();
  settings.virtual_cluster = std::move(*format);
  std::string part = "lua.";
  if (!message.stat_prefix().empty()) part += message.stat_prefix() + ".";
  return std::make_shared<LuaFactory>(std::move(settings), filter_stats<LuaStats>(context, part));
}

absl::StatusOr<std::shared_ptr<const FilterRouteConfig>> compile_route(
    const google::protobuf::Message& config, CompileContext& context) {
  const auto& message = static_cast<const LuaPerRoute&>(config);
  auto route = std::make_shared<LuaRouteConfig>();
  route->disabled = message.disabled();
  route->name = message.name();
  if (message.has_source_code()) {
    auto script = load("source_code", message.source_code(), context);
    if (!script.ok()) return script.status();
    route->script = std::move(*script);
  }
  if (auto values = decode_struct(message.filter_context().SerializeAsString()))
    route->filter_context = std::move(*values);
  return route;
}

}  // namespace outrigger::filters::lua
