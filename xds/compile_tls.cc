#include "xds/compile_tls.h"

#include <utility>

#include "fmt/format.h"

#include "api/stats_tls.h"
#include "xds/compile_values.h"
#include "xds/field_errors.h"

namespace outrigger::xds {
namespace {

using envoy::extensions::transport_sockets::tls::v3::DownstreamTlsContext;
using envoy::extensions::transport_sockets::tls::v3::UpstreamTlsContext;

config::OcspPolicy ocsp_policy(const DownstreamTlsContext& message) {
  switch (message.ocsp_staple_policy()) {
    case DownstreamTlsContext::STRICT_STAPLING:
      return config::OcspPolicy::strict;
    case DownstreamTlsContext::MUST_STAPLE:
      return config::OcspPolicy::must_staple;
    default:
      return config::OcspPolicy::lenient;
  }
}

absl::StatusOr<bool> compile_tickets(const DownstreamTlsContext& message, TlsInputs& inputs,
                                     config::TlsContext& out) {
  FieldErrors errors;
  if (message.has_session_ticket_keys()) {
    out.ticket_keys = errors.take_nested(
        "session_ticket_keys",
        compile_ticket_keys(message.session_ticket_keys(), SecretOrigin::context, inputs));
  } else if (message.has_session_ticket_keys_sds_secret_config()) {
    const char* field = "session_ticket_keys_sds_secret_config";
    auto secret = inputs.secret(message.session_ticket_keys_sds_secret_config());
    if (!secret.ok()) {
      errors.add_nested(field, secret.status());
    } else if (*secret == nullptr) {
      return false;
    } else if (!(*secret)->has_session_ticket_keys()) {
      errors.add(field, fmt::format("secret '{}' has no session_ticket_keys", (*secret)->name()));
    } else {
      out.ticket_keys = errors.take_nested(
          field,
          compile_ticket_keys((*secret)->session_ticket_keys(), SecretOrigin::secret, inputs));
    }
  } else {
    out.stateless_resumption = !message.disable_stateless_session_resumption();
  }
  if (!errors.empty()) return errors.status();
  return true;
}

absl::StatusOr<config::TlsContextPtr> compile(const DownstreamTlsContext& message,
                                              TlsInputs& inputs, config::TlsContext out) {
  FieldErrors errors;
  bool ready = true;
  auto common = compile_common_tls(message.common_tls_context(), true, inputs, out);
  if (!common.ok()) {
    errors.add_nested("common_tls_context", common.status());
  } else {
    ready = *common;
  }
  auto tickets = compile_tickets(message, inputs, out);
  if (!tickets.ok()) {
    errors.add_nested("", tickets.status());
  } else {
    ready = ready && *tickets;
  }
  const auto& common_message = message.common_tls_context();
  if (common_message.tls_certificates().empty() &&
      common_message.tls_certificate_sds_secret_configs().empty())
    errors.add("common_tls_context", "no TLS certificates found for server context");
  if (message.require_sni().value())
    errors.add("require_sni", "true is not supported by Outrigger: choose filter chains by SNI");
  out.require_client_certificate = message.require_client_certificate().value();
  out.full_scan_certs_on_sni_mismatch = message.full_scan_certs_on_sni_mismatch().value();
  out.prefer_client_ciphers = message.prefer_client_ciphers();
  out.ocsp = ocsp_policy(message);
  out.stateful_resumption = !message.disable_stateful_session_resumption();
  if (message.has_session_timeout())
    out.session_timeout = std::chrono::seconds(message.session_timeout().seconds());
  if (!errors.empty()) return errors.status();
  if (!ready) return nullptr;
  return std::make_shared<const config::TlsContext>(std::move(out));
}

absl::StatusOr<config::TlsContextPtr> compile(const UpstreamTlsContext& message, TlsInputs& inputs,
                                              config::TlsContext out) {
  constexpr size_t kMaxServerName = 255;
  FieldErrors errors;
  bool ready = true;
  auto common = compile_common_tls(message.common_tls_context(), false, inputs, out);
  if (!common.ok()) {
    errors.add_nested("common_tls_context", common.status());
  } else {
    ready = *common;
  }
  const auto& certificates = message.common_tls_context();
  if (certificates.tls_certificates_size() +
          certificates.tls_certificate_sds_secret_configs_size() >
      1)
    errors.add("common_tls_context",
               "multiple TLS certificates are not supported for client contexts");
  if (message.sni().size() > kMaxServerName || message.sni().find('\0') != std::string::npos)
    errors.add("sni", "is not a server name");
  out.sni = message.sni();
  out.auto_host_sni = message.auto_host_sni();
  out.auto_sni_san_validation = message.auto_sni_san_validation();
  if (out.auto_sni_san_validation && ready && (!out.validation || out.validation->ca_pem.empty()))
    errors.add("auto_sni_san_validation", "was configured without configuring a trusted CA");
  out.allow_renegotiation = message.allow_renegotiation();
  out.enforce_rsa_key_usage =
      !message.has_enforce_rsa_key_usage() || message.enforce_rsa_key_usage().value();
  if (message.has_max_session_keys()) out.max_session_keys = message.max_session_keys().value();
  if (!errors.empty()) return errors.status();
  if (!ready) return nullptr;
  return std::make_shared<const config::TlsContext>(std::move(out));
}

template <class Message>
absl::StatusOr<config::TlsContextSlotPtr> make_slot(const Message& message, TlsSide side,
                                                    CompileEnvironment& environment,
                                                    const TlsStatPlace& place) {
  auto scope = [&]<class Stats>(std::string_view below) {
    return environment.stats.scope<Stats>(fmt::format("{}{}", place.prefix, below),
                                          fmt::format("{}{}", place.extracted_prefix, below),
                                          place.tags);
  };
  TlsSecrets once;
  TlsSecrets& secrets = environment.tls == nullptr ? once : *environment.tls;
  config::TlsContext base;
  base.stats = scope.template operator()<TlsStats>("ssl.");
  base.registry = &environment.stats;
  if (side == TlsSide::downstream) base.shared_ticket_keys = secrets.services().ticket_keys;
  auto factory_stats = scope.template operator()<TlsFactoryStats>(
      side == TlsSide::downstream ? "server_ssl_socket_factory." : "client_ssl_socket_factory.");
  return secrets.make_slot(
      place.prefix, side, std::move(factory_stats),
      [message, base](TlsInputs& inputs) { return compile(message, inputs, base); },
      environment.init);
}

}  // namespace

absl::StatusOr<config::TlsContextSlotPtr> compile_downstream_tls(
    const DownstreamTlsContext& message, CompileEnvironment& environment,
    const TlsStatPlace& place) {
  return make_slot(message, TlsSide::downstream, environment, place);
}

absl::StatusOr<config::TlsContextSlotPtr> compile_upstream_tls(const UpstreamTlsContext& message,
                                                               CompileEnvironment& environment,
                                                               const TlsStatPlace& place) {
  return make_slot(message, TlsSide::upstream, environment, place);
}

}  // namespace outrigger::xds
