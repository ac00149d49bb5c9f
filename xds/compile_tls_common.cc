#include <utility>

#include "fmt/format.h"

#include "xds/compile_tls.h"
#include "xds/compile_values.h"
#include "xds/field_errors.h"

namespace outrigger::xds {
namespace {

using envoy::config::core::v3::DataSource;
using envoy::extensions::transport_sockets::tls::v3::CertificateValidationContext;
using envoy::extensions::transport_sockets::tls::v3::CommonTlsContext;
using envoy::extensions::transport_sockets::tls::v3::TlsCertificate;
using envoy::extensions::transport_sockets::tls::v3::TlsParameters;
using envoy::extensions::transport_sockets::tls::v3::TlsSessionTicketKeys;

config::TlsVersion version_of(TlsParameters::TlsProtocol protocol) {
  switch (protocol) {
    case TlsParameters::TLSv1_0:
      return config::TlsVersion::tls1_0;
    case TlsParameters::TLSv1_1:
      return config::TlsVersion::tls1_1;
    case TlsParameters::TLSv1_2:
      return config::TlsVersion::tls1_2;
    case TlsParameters::TLSv1_3:
      return config::TlsVersion::tls1_3;
    default:
      return config::TlsVersion::auto_;
  }
}

void compile_parameters(const TlsParameters& from, config::TlsContext& out) {
  out.min_version = version_of(from.tls_minimum_protocol_version());
  out.max_version = version_of(from.tls_maximum_protocol_version());
  out.ciphers.assign(from.cipher_suites().begin(), from.cipher_suites().end());
  out.curves.assign(from.ecdh_curves().begin(), from.ecdh_curves().end());
  out.signature_algorithms.assign(from.signature_algorithms().begin(),
                                  from.signature_algorithms().end());
}

void compile_alpn(const CommonTlsContext& from, config::TlsContext& out, FieldErrors& errors) {
  constexpr size_t kMaxName = 255;  // one octet for the length
  constexpr size_t kMaxList = 65535;
  size_t size = 0;
  for (int i = 0; i < from.alpn_protocols_size(); ++i) {
    // As Envoy, which joins and splits them: "h2,http/1.1" is two names.
    std::string_view names = from.alpn_protocols(i);
    while (!names.empty()) {
      std::string_view name = names.substr(0, names.find(','));
      names.remove_prefix(std::min(names.size(), name.size() + 1));
      if (name.empty() || name.size() > kMaxName)
        errors.add(indexed("alpn_protocols", i), "a name must have 1 to 255 octets");
      size += name.size() + 1;
      out.alpn.emplace_back(name);
    }
  }
  if (size >= kMaxList) errors.add("alpn_protocols", "invalid ALPN protocol string: too long");
}

// False: a secret is not there yet.
bool compile_certificates(const CommonTlsContext& from, TlsInputs& inputs, config::TlsContext& out,
                          FieldErrors& errors) {
  bool ready = true;
  if (!from.tls_certificates().empty() && !from.tls_certificate_sds_secret_configs().empty())
    errors.add("tls_certificates", "SDS and non-SDS TLS certificates may not be mixed");
  for (int i = 0; i < from.tls_certificates_size(); ++i) {
    out.certificates.push_back(errors.take_nested(
        indexed("tls_certificates", i),
        compile_tls_certificate(from.tls_certificates(i), SecretOrigin::context, inputs)));
  }
  for (int i = 0; i < from.tls_certificate_sds_secret_configs_size(); ++i) {
    std::string field = indexed("tls_certificate_sds_secret_configs", i);
    const auto& reference = from.tls_certificate_sds_secret_configs(i);
    auto secret = inputs.secret(reference);
    if (!secret.ok()) {
      errors.add_nested(field, secret.status());
    } else if (*secret == nullptr) {
      ready = false;
    } else if (!(*secret)->has_tls_certificate()) {
      errors.add(field, fmt::format("secret '{}' has no tls_certificate", (*secret)->name()));
    } else {
      out.certificates.push_back(errors.take_nested(
          field,
          compile_tls_certificate((*secret)->tls_certificate(), SecretOrigin::secret, inputs)));
      out.certificates.back().name = reference.name();
    }
  }
  return ready;
}

// The secret's validation merged over `base`. False: the secret is not there yet.
bool compile_secret_validation(const std::string& field, const SdsSecretConfig& reference,
                               const CertificateValidationContext& base, TlsInputs& inputs,
                               config::TlsContext& out, FieldErrors& errors) {
  auto secret = inputs.secret(reference);
  if (!secret.ok()) {
    errors.add_nested(field, secret.status());
    return true;
  }
  if (*secret == nullptr) return false;
  if (!(*secret)->has_validation_context()) {
    errors.add(field, fmt::format("secret '{}' has no validation_context", (*secret)->name()));
    return true;
  }
  CertificateValidationContext merged = base;
  merged.MergeFrom((*secret)->validation_context());
  out.validation =
      errors.take_nested(field, compile_tls_validation(merged, SecretOrigin::secret, inputs));
  out.validation->name = reference.name();
  return true;
}

bool compile_validation(const CommonTlsContext& from, TlsInputs& inputs, config::TlsContext& out,
                        FieldErrors& errors) {
  switch (from.validation_context_type_case()) {
    case CommonTlsContext::kValidationContext:
      out.validation = errors.take_nested(
          "validation_context",
          compile_tls_validation(from.validation_context(), SecretOrigin::context, inputs));
      return true;
    case CommonTlsContext::kValidationContextSdsSecretConfig:
      return compile_secret_validation("validation_context_sds_secret_config",
                                       from.validation_context_sds_secret_config(), {}, inputs, out,
                                       errors);
    case CommonTlsContext::kCombinedValidationContext:
      return compile_secret_validation(
          "combined_validation_context.validation_context_sds_secret_config",
          from.combined_validation_context().validation_context_sds_secret_config(),
          from.combined_validation_context().default_validation_context(), inputs, out, errors);
    default:
      return true;  // none; the others are refused by the table of fields
  }
}

// What the data source calls itself, for messages.
std::string source_of(const DataSource& source) {
  if (source.has_filename()) return source.filename();
  if (source.has_environment_variable()) return source.environment_variable();
  return "<inline>";
}

}  // namespace

absl::StatusOr<bool> compile_common_tls(const CommonTlsContext& message, bool /*server*/,
                                        TlsInputs& inputs, config::TlsContext& out) {
  FieldErrors errors;
  compile_parameters(message.tls_params(), out);
  compile_alpn(message, out, errors);
  bool ready = compile_certificates(message, inputs, out, errors);
  ready = compile_validation(message, inputs, out, errors) && ready;
  out.key_log_path = message.key_log().path();
  if (!errors.empty()) return errors.status();
  return ready;
}

absl::StatusOr<std::string> read_watched_source(const DataSource& source, SecretOrigin origin,
                                                TlsInputs& inputs) {
  if (source.has_watched_directory()) {
    inputs.watch(source.watched_directory().path());
  } else if (source.has_filename() && origin == SecretOrigin::secret) {
    inputs.watch_file(source.filename());
  }
  return read_data_source(source);
}

absl::StatusOr<config::TlsCertificate> compile_tls_certificate(const TlsCertificate& message,
                                                               SecretOrigin origin,
                                                               TlsInputs& inputs) {
  FieldErrors errors;
  config::TlsCertificate out;
  auto read = [&](const char* field, bool present, const DataSource& source) {
    if (!present) return std::string();
    return errors.take_nested(field, read_watched_source(source, origin, inputs));
  };
  if (message.has_watched_directory()) inputs.watch(message.watched_directory().path());
  out.chain_pem =
      read("certificate_chain", message.has_certificate_chain(), message.certificate_chain());
  out.key_pem = read("private_key", message.has_private_key(), message.private_key());
  out.pkcs12 = read("pkcs12", message.has_pkcs12(), message.pkcs12());
  out.password = read("password", message.has_password(), message.password());
  out.ocsp_staple = read("ocsp_staple", message.has_ocsp_staple(), message.ocsp_staple());
  out.chain_source =
      source_of(message.has_pkcs12() ? message.pkcs12() : message.certificate_chain());
  out.key_source = source_of(message.private_key());
  if (message.has_pkcs12()) {
    if (message.has_certificate_chain() || message.has_private_key())
      errors.add("pkcs12", "cannot be combined with certificate_chain or private_key");
  } else if (!message.has_certificate_chain()) {
    errors.add("certificate_chain", "value is required");
  } else if (!message.has_private_key()) {
    errors.add("private_key", "value is required");
  }
  if (!errors.empty()) return errors.status();
  return out;
}

absl::StatusOr<std::vector<std::string>> compile_ticket_keys(const TlsSessionTicketKeys& message,
                                                             SecretOrigin origin,
                                                             TlsInputs& inputs) {
  constexpr size_t kKeyBytes = 80;
  FieldErrors errors;
  std::vector<std::string> keys;
  for (int i = 0; i < message.keys_size(); ++i) {
    std::string field = indexed("keys", i);
    std::string key =
        errors.take_nested(field, read_watched_source(message.keys(i), origin, inputs));
    if (key.size() != kKeyBytes) {
      errors.add(field, fmt::format("incorrect TLS session ticket key length. Length {}, expected "
                                    "length {}.",
                                    key.size(), kKeyBytes));
    }
    keys.push_back(std::move(key));
  }
  if (!errors.empty()) return errors.status();
  return keys;
}

}  // namespace outrigger::xds
