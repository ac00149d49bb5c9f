// TLS contexts, certificates and secrets.
#include "xds/fields_tables.h"

namespace outrigger::xds {
namespace {

#define TLS_NS "envoy.extensions.transport_sockets.tls.v3."

constexpr WorkingFields kWorking[] = {
    {TLS_NS "DownstreamTlsContext",
     "common_tls_context require_client_certificate require_sni session_ticket_keys "
     "session_ticket_keys_sds_secret_config disable_stateless_session_resumption "
     "disable_stateful_session_resumption session_timeout ocsp_staple_policy "
     "full_scan_certs_on_sni_mismatch prefer_client_ciphers"},
    {TLS_NS "UpstreamTlsContext",
     "common_tls_context sni auto_host_sni auto_sni_san_validation allow_renegotiation "
     "max_session_keys enforce_rsa_key_usage"},
    {TLS_NS "CommonTlsContext",
     "tls_params tls_certificates tls_certificate_sds_secret_configs validation_context "
     "validation_context_sds_secret_config combined_validation_context alpn_protocols key_log"},
    {TLS_NS "CommonTlsContext.CombinedCertificateValidationContext",
     "default_validation_context validation_context_sds_secret_config"},
    {TLS_NS "TlsKeyLog", "path"},
    {TLS_NS "TlsParameters",
     "tls_minimum_protocol_version tls_maximum_protocol_version cipher_suites ecdh_curves "
     "signature_algorithms"},
    {TLS_NS "TlsCertificate",
     "certificate_chain private_key pkcs12 watched_directory password ocsp_staple"},
    {TLS_NS "TlsSessionTicketKeys", "keys"},
    {TLS_NS "SubjectAltNameMatcher", "*"},
    {TLS_NS "CertificateValidationContext",
     "trusted_ca system_root_certs watched_directory verify_certificate_spki "
     "verify_certificate_hash match_typed_subject_alt_names match_subject_alt_names "
     "require_signed_certificate_timestamp crl allow_expired_certificate trust_chain_verification "
     "only_verify_leaf_cert_crl max_verify_depth"},
    {TLS_NS "CertificateValidationContext.SystemRootCerts", "*"},
    {TLS_NS "SdsSecretConfig", "name sds_config"},
    {TLS_NS "Secret", "name tls_certificate session_ticket_keys validation_context"},
    {"envoy.config.core.v3.WatchedDirectory", "path"},
};

constexpr HarmlessField kHarmless[] = {
    {TLS_NS "TlsCertificate", "signed_certificate_timestamp", "timestamps are not sent"},
};

}  // namespace

constinit const FieldTable kTlsFields = {"TLS", kWorking, kHarmless};

}  // namespace outrigger::xds
