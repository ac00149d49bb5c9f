// Takes certificates apart: names, fingerprints, text forms. Thread: any that may touch the X509.
#pragma once

#include <string>
#include <vector>

#include "api/config/tls.h"
#include "api/tls_connection.h"
#include "proxy/tls/openssl_ptr.h"

namespace outrigger::tls {

// One subject alternative name as text: "a.example", "spiffe://td/ns/a", "10.0.0.1".
struct SubjectName {
  config::SanMatcher::Type type = config::SanMatcher::Type::dns;
  std::string text;
  std::string oid;  // other_name
};

// Names of other kinds, and such with a NUL inside, which only an attacker writes, are left out.
std::vector<SubjectName> subject_names(X509* certificate);
// "CN=a,O=b" of RFC 2253.
std::string subject_text(X509* certificate);
// The common name; empty: none.
std::string common_name(X509* certificate);
std::string serial_text(X509* certificate);
// SHA-256 of the DER form, 32 octets; and of the public key's.
std::string certificate_digest(X509* certificate);
std::string spki_digest(X509* certificate);
std::chrono::system_clock::time_point time_of(const ASN1_TIME* time);
// Lower case.
std::string hexadecimal(std::string_view octets);

// `chain`: the leaf first. Without the PEM texts.
CertificateInfo describe_certificate(const std::vector<X509*>& chain);
void add_pem(const std::vector<X509*>& chain, CertificateInfo& info);

}  // namespace outrigger::tls
