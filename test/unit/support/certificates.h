// Authorities, certificates and keys, made when a test asks. Thread: the test's.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <openssl/ec.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "api/config/tls.h"

namespace outrigger::test {

enum class KeyKind : uint8_t {
  ec,
  rsa,
  rsa_1024
};

struct CertificateRequest {
  std::string common_name = "leaf";
  std::vector<std::string> names;  // OpenSSL's form: "DNS:a.example", "URI:spiffe://td/a"
  KeyKind key = KeyKind::ec;
  int from_days = -1;
  int to_days = 30;
  bool authority = false;
  bool must_staple = false;
};

// A certificate with its key; an authority signs others.
class Certified {
 public:
  // Self-signed without an issuer.
  static Certified make(const CertificateRequest& request, const Certified* issuer = nullptr);
  static Certified authority(const std::string& name, const Certified* issuer = nullptr) {
    CertificateRequest request;
    request.common_name = name;
    request.authority = true;
    return make(request, issuer);
  }
  Certified leaf(std::vector<std::string> names, KeyKind key = KeyKind::ec) const {
    CertificateRequest request;
    request.names = std::move(names);
    request.key = key;
    return make(request, this);
  }

  std::string certificate_pem() const;
  std::string key_pem() const;
  X509* x509() const { return certificate_.get(); }
  // This authority's list of what it took back.
  std::string crl_pem(const std::vector<const Certified*>& revoked) const;
  // Its answer that `subject` is good, in DER; valid for `hours` from now.
  std::string ocsp(const Certified& subject, int hours) const;

  config::TlsCertificate config(const std::string& more_chain = {}) const {
    config::TlsCertificate made;
    made.chain_pem = certificate_pem() + more_chain;
    made.key_pem = key_pem();
    made.chain_source = made.key_source = "<inline>";
    return made;
  }

 private:
  std::shared_ptr<X509> certificate_;
  std::shared_ptr<EVP_PKEY> key_;
};

namespace internal {

inline std::string text_of(BIO* bio) {
  char* data = nullptr;
  long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<size_t>(size));
  BIO_free(bio);
  return text;
}

inline void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

inline EVP_PKEY* make_key(KeyKind kind) {
  if (kind == KeyKind::ec) return EVP_EC_gen("P-256");
  return EVP_RSA_gen(kind == KeyKind::rsa ? 2048u : 1024u);
}

}  // namespace internal

inline Certified Certified::make(const CertificateRequest& request, const Certified* issuer) {
  static long serial = 4096;
  Certified made;
  made.key_.reset(internal::make_key(request.key), EVP_PKEY_free);
  X509* certificate = X509_new();
  made.certificate_.reset(certificate, X509_free);
  X509* parent = issuer == nullptr ? certificate : issuer->x509();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  X509_time_adj_ex(X509_getm_notBefore(certificate), request.from_days, 0, nullptr);
  X509_time_adj_ex(X509_getm_notAfter(certificate), request.to_days, 0, nullptr);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(request.common_name.c_str()),
                             -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(parent));
  X509_set_pubkey(certificate, made.key_.get());
  if (request.authority) {
    internal::add_extension(certificate, parent, NID_basic_constraints, "critical,CA:TRUE");
    internal::add_extension(certificate, parent, NID_key_usage, "critical,keyCertSign,cRLSign");
  }
  internal::add_extension(certificate, parent, NID_subject_key_identifier, "hash");
  std::string names;
  for (const std::string& one : request.names) names += (names.empty() ? "" : ",") + one;
  if (!names.empty()) internal::add_extension(certificate, parent, NID_subject_alt_name, names);
  if (request.must_staple)
    internal::add_extension(certificate, parent, NID_tlsfeature, "status_request");
  X509_sign(certificate, (issuer == nullptr ? made : *issuer).key_.get(), EVP_sha256());
  return made;
}

inline std::string Certified::certificate_pem() const {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, certificate_.get());
  return internal::text_of(bio);
}

inline std::string Certified::key_pem() const {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return internal::text_of(bio);
}

inline std::string Certified::crl_pem(const std::vector<const Certified*>& revoked) const {
  X509_CRL* crl = X509_CRL_new();
  X509_CRL_set_version(crl, 1);
  X509_CRL_set_issuer_name(crl, X509_get_subject_name(certificate_.get()));
  ASN1_TIME* time = X509_gmtime_adj(nullptr, -3600);
  X509_CRL_set1_lastUpdate(crl, time);
  X509_gmtime_adj(time, 24 * 3600);
  X509_CRL_set1_nextUpdate(crl, time);
  X509_gmtime_adj(time, -1800);
  for (const Certified* one : revoked) {
    X509_REVOKED* entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(one->x509()));
    X509_REVOKED_set_revocationDate(entry, time);
    X509_CRL_add0_revoked(crl, entry);
  }
  ASN1_TIME_free(time);
  X509_CRL_sign(crl, key_.get(), EVP_sha256());
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509_CRL(bio, crl);
  X509_CRL_free(crl);
  return internal::text_of(bio);
}

inline std::string Certified::ocsp(const Certified& subject, int hours) const {
  OCSP_BASICRESP* basic = OCSP_BASICRESP_new();
  OCSP_CERTID* id = OCSP_cert_to_id(nullptr, subject.x509(), certificate_.get());
  ASN1_TIME* from = X509_gmtime_adj(nullptr, -3600 * 48);
  ASN1_TIME* to = X509_gmtime_adj(nullptr, 3600L * hours);
  OCSP_basic_add1_status(basic, id, V_OCSP_CERTSTATUS_GOOD, 0, nullptr, from, to);
  ASN1_TIME_free(from);
  ASN1_TIME_free(to);
  OCSP_CERTID_free(id);
  OCSP_basic_sign(basic, certificate_.get(), key_.get(), EVP_sha256(), nullptr, 0);
  OCSP_RESPONSE* response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
  unsigned char* der = nullptr;
  int size = i2d_OCSP_RESPONSE(response, &der);
  std::string text(reinterpret_cast<char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  OCSP_RESPONSE_free(response);
  OCSP_BASICRESP_free(basic);
  return text;
}

}  // namespace outrigger::test
