// Compiles the TLS contexts of transport sockets. Thread: main. Errors open with the field's path
// inside the message. Semantics: envoy.extensions.transport_sockets.tls.v3.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "envoy/extensions/transport_sockets/tls/v3/tls.pb.h"

#include "api/config/tls.h"
#include "xds/compile_environment.h"
#include "xds/tls_secrets.h"

namespace outrigger::xds {

// Where a context's statistics are: "listener.0.0.0.0_443.", "listener.", its tags; below it come
// "ssl." and "server_ssl_socket_factory." or "client_ssl_socket_factory.".
struct TlsStatPlace {
  std::string prefix;
  std::string extracted_prefix;
  std::vector<StatTag> tags;
};

// The slot's content follows the files that the message has watched; it is empty as long as a file
// of secrets lacks the one that is asked for.
absl::StatusOr<config::TlsContextSlotPtr> compile_downstream_tls(
    const envoy::extensions::transport_sockets::tls::v3::DownstreamTlsContext& message,
    CompileEnvironment& environment, const TlsStatPlace& place);

absl::StatusOr<config::TlsContextSlotPtr> compile_upstream_tls(
    const envoy::extensions::transport_sockets::tls::v3::UpstreamTlsContext& message,
    CompileEnvironment& environment, const TlsStatPlace& place);

// Certificates, validation and parameters of either side. False: a secret is not there yet.
absl::StatusOr<bool> compile_common_tls(
    const envoy::extensions::transport_sockets::tls::v3::CommonTlsContext& message, bool server,
    TlsInputs& inputs, config::TlsContext& out);

// Whether a message came from a file of secrets, so that the files that it names are watched.
enum class SecretOrigin : uint8_t {
  context,
  secret
};

absl::StatusOr<config::TlsCertificate> compile_tls_certificate(
    const envoy::extensions::transport_sockets::tls::v3::TlsCertificate& message,
    SecretOrigin origin, TlsInputs& inputs);

absl::StatusOr<config::TlsValidation> compile_tls_validation(
    const envoy::extensions::transport_sockets::tls::v3::CertificateValidationContext& message,
    SecretOrigin origin, TlsInputs& inputs);

absl::StatusOr<std::vector<std::string>> compile_ticket_keys(
    const envoy::extensions::transport_sockets::tls::v3::TlsSessionTicketKeys& message,
    SecretOrigin origin, TlsInputs& inputs);

// A data source's content; its file's directory is watched if the source or its origin asks for it.
absl::StatusOr<std::string> read_watched_source(const envoy::config::core::v3::DataSource& source,
                                                SecretOrigin origin, TlsInputs& inputs);

}  // namespace outrigger::xds
