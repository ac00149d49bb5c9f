#include "filters/http/set_filter_state/config.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "envoy/extensions/filters/http/set_filter_state/v3/set_filter_state.pb.h"

#include "filters/http/set_filter_state/filter.h"

namespace outrigger::filters::set_filter_state {
namespace {

using ProtoConfig = envoy::extensions::filters::http::set_filter_state::v3::Config;
using envoy::extensions::filters::common::set_filter_state::v3::FilterStateValue;

constexpr std::string_view kHashable = "envoy.hashable_string";

// The objects that this proxy knows how to make; the first two may have any name.
struct KnownObject {
  std::string_view key;
  ObjectKind kind;
};
constexpr KnownObject kObjects[] = {
    {"envoy.string", ObjectKind::text},
    {kHashable, ObjectKind::text},
    {"envoy.network.application_protocols", ObjectKind::text},
    {"envoy.network.ip", ObjectKind::ip},
    {"envoy.network.transport_socket.original_dst_address", ObjectKind::address},
    {"envoy.network.upstream_server_name", ObjectKind::text},
    {"envoy.network.upstream_subject_alt_names", ObjectKind::text},
    {"envoy.tcp_proxy.cluster", ObjectKind::text},
    {"envoy.tcp_proxy.per_connection_idle_timeout_ms", ObjectKind::number},
    {"envoy.upstream.dynamic_host", ObjectKind::text},
    {"envoy.upstream.dynamic_port", ObjectKind::number},
};

const KnownObject* find_object(std::string_view key) {
  for (const KnownObject& object : kObjects) {
    if (object.key == key) return &object;
  }
  return nullptr;
}

absl::StatusOr<Value> compile_value(const FilterStateValue& proto, CompileContext& context) {
  const std::string& factory =
      proto.factory_key().empty() ? proto.object_key() : proto.factory_key();
  const KnownObject* object = find_object(factory);
  if (object == nullptr) {
    return absl::InvalidArgumentError(
        fmt::format("{}: Outrigger has no object factory '{}'",
                    proto.factory_key().empty() ? "object_key" : "factory_key", factory));
  }
  auto format = context.compile(proto.format_string());
  if (!format.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("format_string.{}", std::string(format.status().message())));
  }
  Value out;
  out.key = proto.object_key();
  out.kind = object->kind;
  out.format = *std::move(format);
  out.skip_if_empty = proto.skip_if_empty();
  out.options.read_only = proto.read_only();
  out.options.splits_connections =
      object->key == kHashable && proto.shared_with_upstream() != FilterStateValue::NONE;
  return out;
}

absl::StatusOr<std::vector<Value>> compile_values(const google::protobuf::Message& config,
                                                  CompileContext& context) {
  const auto& proto = static_cast<const ProtoConfig&>(config);
  std::vector<Value> out;
  for (int i = 0; i < proto.on_request_headers_size(); ++i) {
    auto value = compile_value(proto.on_request_headers(i), context);
    if (!value.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("on_request_headers[{}].{}", i, std::string(value.status().message())));
    }
    out.push_back(*std::move(value));
  }
  return out;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context) {
  auto values = compile_values(config, context);
  if (!values.ok()) return values.status();
  return std::make_shared<SetFilterStateFactory>(*std::move(values));
}

absl::StatusOr<std::shared_ptr<const FilterRouteConfig>> compile_route(
    const google::protobuf::Message& config, CompileContext& context) {
  auto values = compile_values(config, context);
  if (!values.ok()) return values.status();
  auto out = std::make_shared<ValuesRouteConfig>();
  out->values = *std::move(values);
  return out;
}

}  // namespace outrigger::filters::set_filter_state
