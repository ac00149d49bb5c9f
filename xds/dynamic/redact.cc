#include "xds/dynamic/redact.h"

#include "envoy/extensions/transport_sockets/tls/v3/secret.pb.h"

namespace outrigger::xds {
namespace {

using envoy::config::core::v3::DataSource;
using envoy::extensions::transport_sockets::tls::v3::Secret;

constexpr const char* kRedacted = "[redacted]";

void redact(DataSource& source) {
  if (source.has_inline_bytes()) source.set_inline_bytes(kRedacted);
  if (source.has_inline_string()) source.set_inline_string(kRedacted);
}

}  // namespace

google::protobuf::Any redact_secret(const google::protobuf::Any& body) {
  google::protobuf::Any out;
  out.set_type_url(body.type_url());
  Secret secret;
  if (!body.UnpackTo(&secret)) return out;
  if (secret.has_tls_certificate()) {
    auto& certificate = *secret.mutable_tls_certificate();
    if (certificate.has_private_key()) redact(*certificate.mutable_private_key());
    if (certificate.has_password()) redact(*certificate.mutable_password());
    if (certificate.has_pkcs12()) redact(*certificate.mutable_pkcs12());
  }
  if (secret.has_session_ticket_keys()) {
    for (DataSource& key : *secret.mutable_session_ticket_keys()->mutable_keys()) redact(key);
  }
  if (secret.has_generic_secret() && secret.generic_secret().has_secret())
    redact(*secret.mutable_generic_secret()->mutable_secret());
  out.PackFrom(secret);
  return out;
}

}  // namespace outrigger::xds
