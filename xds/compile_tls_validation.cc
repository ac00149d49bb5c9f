#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "fmt/format.h"

#include "xds/compile_matcher.h"
#include "xds/compile_tls.h"
#include "xds/compile_values.h"
#include "xds/field_errors.h"

// Envoy's deprecated fields are in use everywhere, so they work here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::xds {
namespace {

using envoy::extensions::transport_sockets::tls::v3::CertificateValidationContext;
using envoy::extensions::transport_sockets::tls::v3::SubjectAltNameMatcher;

constexpr size_t kSha256Bytes = 32;

config::SanMatcher::Type type_of(SubjectAltNameMatcher::SanType type) {
  using Type = config::SanMatcher::Type;
  switch (type) {
    case SubjectAltNameMatcher::EMAIL:
      return Type::email;
    case SubjectAltNameMatcher::URI:
      return Type::uri;
    case SubjectAltNameMatcher::IP_ADDRESS:
      return Type::ip;
    case SubjectAltNameMatcher::OTHER_NAME:
      return Type::other_name;
    default:
      return Type::dns;
  }
}

void compile_typed_names(const CertificateValidationContext& from, config::TlsValidation& out,
                         FieldErrors& errors) {
  for (int i = 0; i < from.match_typed_subject_alt_names_size(); ++i) {
    const SubjectAltNameMatcher& message = from.match_typed_subject_alt_names(i);
    std::string field = indexed("match_typed_subject_alt_names", i);
    config::SanMatcher matcher;
    matcher.type = type_of(message.san_type());
    matcher.oid = message.oid();
    matcher.matcher =
        errors.take_nested(field + ".matcher", compile_string_matcher(message.matcher()));
    if (matcher.type == config::SanMatcher::Type::other_name && matcher.oid.empty())
      errors.add(field + ".oid", "value is required for OTHER_NAME");
    out.sans.push_back(std::move(matcher));
  }
}

// The deprecated matchers are for names of every kind but other_name; they count only where there
// are no typed ones.
void compile_untyped_names(const CertificateValidationContext& from, config::TlsValidation& out,
                           FieldErrors& errors) {
  using Type = config::SanMatcher::Type;
  if (!from.match_typed_subject_alt_names().empty()) return;
  for (int i = 0; i < from.match_subject_alt_names_size(); ++i) {
    config::SanMatcher matcher;
    matcher.matcher = errors.take_nested(indexed("match_subject_alt_names", i),
                                         compile_string_matcher(from.match_subject_alt_names(i)));
    for (Type type : {Type::dns, Type::uri, Type::email, Type::ip}) {
      matcher.type = type;
      out.sans.push_back(matcher);
    }
  }
}

// "df:6a:..." or "df6a...".
std::string hash_octets(std::string text) {
  constexpr size_t kWithColons = kSha256Bytes * 3 - 1;
  if (text.size() == kWithColons)
    text.erase(std::remove(text.begin(), text.end(), ':'), text.end());
  bool digits = text.size() == kSha256Bytes * 2 &&
                text.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
  return digits ? absl::HexStringToBytes(text) : std::string();
}

void compile_fingerprints(const CertificateValidationContext& from, config::TlsValidation& out,
                          FieldErrors& errors) {
  for (int i = 0; i < from.verify_certificate_hash_size(); ++i) {
    out.certificate_hashes.push_back(hash_octets(from.verify_certificate_hash(i)));
    if (out.certificate_hashes.back().empty()) {
      errors.add(indexed("verify_certificate_hash", i),
                 fmt::format("invalid hex-encoded SHA-256 {}", from.verify_certificate_hash(i)));
    }
  }
  for (int i = 0; i < from.verify_certificate_spki_size(); ++i) {
    std::string hash;
    if (!absl::Base64Unescape(from.verify_certificate_spki(i), &hash) ||
        hash.size() != kSha256Bytes) {
      errors.add(indexed("verify_certificate_spki", i),
                 fmt::format("invalid base64-encoded SHA-256 {}", from.verify_certificate_spki(i)));
    }
    out.spki_hashes.push_back(std::move(hash));
  }
}

// Where systems keep the authorities that they trust, in the order in which we look.
constexpr const char* kSystemRoots[] = {
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};

void read_system_roots(config::TlsValidation& out, FieldErrors& errors) {
  for (const char* path : kSystemRoots) {
    envoy::config::core::v3::DataSource source;
    source.set_filename(path);
    auto text = read_data_source(source);
    if (!text.ok()) continue;
    out.ca_pem = *std::move(text);
    out.ca_source = path;
    return;
  }
  errors.add("system_root_certs", "this system has no authorities in a known place");
}

// What would look like verification and is none.
void refuse_insecure(const CertificateValidationContext& from, const config::TlsValidation& out,
                     FieldErrors& errors) {
  if (!out.ca_pem.empty()) return;
  if (from.has_crl()) errors.add("crl", "failed to load CRL without trusted CA");
  if (!out.sans.empty()) {
    errors.add("match_typed_subject_alt_names",
               "SAN-based verification of peer certificates without trusted CA is insecure and not "
               "allowed");
  }
  if (from.allow_expired_certificate()) {
    errors.add("allow_expired_certificate",
               "certificate validity period is always ignored without trusted CA");
  }
}

}  // namespace

absl::StatusOr<config::TlsValidation> compile_tls_validation(
    const CertificateValidationContext& message, SecretOrigin origin, TlsInputs& inputs) {
  FieldErrors errors;
  config::TlsValidation out;
  if (message.has_watched_directory()) inputs.watch(message.watched_directory().path());
  if (message.has_trusted_ca()) {
    out.ca_pem =
        errors.take_nested("trusted_ca", read_watched_source(message.trusted_ca(), origin, inputs));
    out.ca_source =
        message.trusted_ca().has_filename() ? message.trusted_ca().filename() : "<inline>";
    if (errors.empty() && out.ca_pem.empty())
      errors.add("trusted_ca", "failed to load trusted CA certificates: the source is empty");
  } else if (message.has_system_root_certs()) {
    out.system_roots = true;
    read_system_roots(out, errors);
  }
  if (message.has_crl())
    out.crl_pem = errors.take_nested("crl", read_watched_source(message.crl(), origin, inputs));
  compile_typed_names(message, out, errors);
  compile_untyped_names(message, out, errors);
  compile_fingerprints(message, out, errors);
  if (message.require_signed_certificate_timestamp().value())
    errors.add("require_signed_certificate_timestamp", "true is not supported by Outrigger");
  out.accept_untrusted =
      message.trust_chain_verification() == CertificateValidationContext::ACCEPT_UNTRUSTED;
  out.allow_expired = message.allow_expired_certificate();
  out.only_verify_leaf_crl = message.only_verify_leaf_cert_crl();
  if (message.has_max_verify_depth()) out.max_verify_depth = message.max_verify_depth().value();
  if (errors.empty()) refuse_insecure(message, out, errors);
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace outrigger::xds
