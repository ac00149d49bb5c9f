#include "xds/compile_transport_socket.h"

#include <memory>

#include "fmt/format.h"

#include "envoy/extensions/transport_sockets/internal_upstream/v3/internal_upstream.pb.h"
#include "envoy/extensions/transport_sockets/proxy_protocol/v3/upstream_proxy_protocol.pb.h"
#include "envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer.pb.h"

#include "xds/compile_values.h"
#include "xds/field_errors.h"

namespace outrigger::xds {
namespace {

using envoy::config::core::v3::ProxyProtocolConfig;
using envoy::config::core::v3::ProxyProtocolPassThroughTLVs;
using envoy::config::core::v3::TransportSocket;
using envoy::extensions::transport_sockets::internal_upstream::v3::InternalUpstreamTransport;
using envoy::extensions::transport_sockets::proxy_protocol::v3::ProxyProtocolUpstreamTransport;
using envoy::extensions::transport_sockets::raw_buffer::v3::RawBuffer;
using envoy::extensions::transport_sockets::tls::v3::UpstreamTlsContext;

constexpr std::string_view kRawBuffer = "envoy.transport_sockets.raw_buffer";

using Compiled = std::shared_ptr<config::TransportSocket>;
absl::StatusOr<Compiled> compile(const TransportSocket& socket, const TlsStatPlace& place,
                                 CompileEnvironment& environment);

// Why the message's own fields cannot be used goes to typed_config.
absl::StatusOr<Compiled> compile_inner(const TransportSocket& socket, const TlsStatPlace& place,
                                       CompileEnvironment& environment) {
  FieldErrors errors;
  auto out =
      errors.take_nested("typed_config.transport_socket", compile(socket, place, environment));
  if (!errors.empty()) return errors.status();
  return out;
}

absl::StatusOr<Compiled> compile_tls_socket(const UpstreamTlsContext& message,
                                            const TlsStatPlace& place,
                                            CompileEnvironment& environment) {
  FieldErrors errors;
  auto out = std::make_shared<config::TransportSocket>();
  out->tls = errors.take_nested("typed_config", compile_upstream_tls(message, environment, place));
  if (!errors.empty()) return errors.status();
  return out;
}

void compile_tlvs(const ProxyProtocolConfig& from, config::TransportSocket& out,
                  FieldErrors& errors) {
  bool v2 = from.version() == ProxyProtocolConfig::V2;
  out.proxy_protocol = v2 ? config::ProxyProtocolVersion::v2 : config::ProxyProtocolVersion::v1;
  const auto& passed = from.pass_through_tlvs();
  out.pass_all_tlvs = from.has_pass_through_tlvs() &&
                      passed.match_type() == ProxyProtocolPassThroughTLVs::INCLUDE_ALL;
  for (uint32_t type : passed.tlv_type())
    out.pass_through_tlvs.push_back(static_cast<uint8_t>(type));
  for (int i = 0; i < from.added_tlvs_size(); ++i) {
    const auto& tlv = from.added_tlvs(i);
    if (tlv.type() > 255)
      errors.add("typed_config.config." + indexed("added_tlvs", i) + ".type",
                 "must not be above 255");
    out.added_tlvs.push_back({static_cast<uint8_t>(tlv.type()), tlv.value()});
  }
}

absl::StatusOr<Compiled> compile_proxy_protocol(const ProxyProtocolUpstreamTransport& message,
                                                const TlsStatPlace& place,
                                                CompileEnvironment& environment) {
  auto out = compile_inner(message.transport_socket(), place, environment);
  if (!out.ok()) return out;
  FieldErrors errors;
  if ((*out)->proxy_protocol != config::ProxyProtocolVersion::none)
    errors.add("typed_config.transport_socket", "two PROXY protocol headers cannot be sent");
  compile_tlvs(message.config(), **out, errors);
  if (!errors.empty()) return errors.status();
  return out;
}

absl::StatusOr<Compiled> compile(const TransportSocket& socket, const TlsStatPlace& place,
                                 CompileEnvironment& environment) {
  const auto& any = socket.typed_config();
  auto is_a = [&](auto& message) {
    return is_type(any, message.GetDescriptor()->full_name()) && any.UnpackTo(&message);
  };
  auto named = [&](absl::StatusOr<Compiled> made) {
    if (made.ok()) (*made)->name = socket.name();
    return made;
  };
  RawBuffer raw;
  if ((any.type_url().empty() && (socket.name().empty() || socket.name() == kRawBuffer)) ||
      is_a(raw))
    return named(std::make_shared<config::TransportSocket>());
  UpstreamTlsContext tls;
  if (is_a(tls)) return named(compile_tls_socket(tls, place, environment));
  ProxyProtocolUpstreamTransport proxy_protocol;
  if (is_a(proxy_protocol))
    return named(compile_proxy_protocol(proxy_protocol, place, environment));
  InternalUpstreamTransport internal;
  if (is_a(internal)) return named(compile_inner(internal.transport_socket(), place, environment));
  FieldErrors errors;
  errors.add("", fmt::format("'{}' is not supported by Outrigger", socket.name()));
  return errors.status();
}

}  // namespace

absl::StatusOr<config::TransportSocketPtr> compile_transport_socket(
    const TransportSocket& socket, const TlsStatPlace& place, CompileEnvironment& environment) {
  static const auto kPlain = std::make_shared<const config::TransportSocket>();
  if (socket.name().empty() && !socket.has_typed_config()) return kPlain;
  auto out = compile(socket, place, environment);
  if (!out.ok()) return out.status();
  return config::TransportSocketPtr(*std::move(out));
}

}  // namespace outrigger::xds
