#include "proxy/tls/certificate_info.h"

#include <arpa/inet.h>

#include <algorithm>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>

namespace outrigger::tls {
namespace {

using Type = config::SanMatcher::Type;

std::string text_of(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<size_t>(ASN1_STRING_length(string))};
}

std::string address_text(const ASN1_OCTET_STRING* octets) {
  char text[INET6_ADDRSTRLEN] = {};
  int length = ASN1_STRING_length(octets);
  if (length != 4 && length != 16) return {};
  inet_ntop(length == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(octets), text, sizeof text);
  return text;
}

std::string oid_text(const ASN1_OBJECT* object) {
  char text[128] = {};
  int length = OBJ_obj2txt(text, sizeof text, object, 1);
  return length > 0 && length < static_cast<int>(sizeof text) ? text : "";
}

std::string other_name_text(const ASN1_TYPE* value) {
  switch (ASN1_TYPE_get(value)) {
    case V_ASN1_UTF8STRING:
    case V_ASN1_PRINTABLESTRING:
    case V_ASN1_IA5STRING:
    case V_ASN1_T61STRING:
    case V_ASN1_VISIBLESTRING:
    case V_ASN1_NUMERICSTRING:
    case V_ASN1_OCTET_STRING:
      return text_of(value->value.asn1_string);
    default:
      return {};
  }
}

bool read_name(const GENERAL_NAME& from, SubjectName& name) {
  switch (from.type) {
    case GEN_DNS:
      name = {Type::dns, text_of(from.d.dNSName), {}};
      return true;
    case GEN_URI:
      name = {Type::uri, text_of(from.d.uniformResourceIdentifier), {}};
      return true;
    case GEN_EMAIL:
      name = {Type::email, text_of(from.d.rfc822Name), {}};
      return true;
    case GEN_IPADD:
      name = {Type::ip, address_text(from.d.iPAddress), {}};
      return !name.text.empty();
    case GEN_OTHERNAME:
      name = {Type::other_name, other_name_text(from.d.otherName->value),
              oid_text(from.d.otherName->type_id)};
      return !name.text.empty();
    default:
      return false;
  }
}

template <class Write>
std::string written(Write write) {
  BioPtr bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || !write(bio.get())) {
    ERR_clear_error();
    return {};
  }
  char* data = nullptr;
  long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}

std::string name_text(X509_NAME* name) {
  return written(
      [name](BIO* bio) { return X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0; });
}

// As the value of a header: only what PEM has and a header's grammar would trip over is encoded.
std::string url_encoded_pem(X509* certificate) {
  std::string pem =
      written([certificate](BIO* bio) { return PEM_write_bio_X509(bio, certificate) == 1; });
  std::string text;
  text.reserve(pem.size() + pem.size() / 8);
  for (char c : pem) {
    switch (c) {
      case '\n':
        text += "%0A";
        break;
      case ' ':
        text += "%20";
        break;
      case '+':
        text += "%2B";
        break;
      case '/':
        text += "%2F";
        break;
      case '=':
        text += "%3D";
        break;
      default:
        text += c;
    }
  }
  return text;
}

std::string digest_of(unsigned char* der, int length) {
  if (length < 0) return {};
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(der, static_cast<size_t>(length), digest);
  OPENSSL_free(der);
  return {reinterpret_cast<char*>(digest), sizeof digest};
}

std::string sha1_text(X509* certificate) {
  unsigned char digest[SHA_DIGEST_LENGTH];
  unsigned length = 0;
  if (X509_digest(certificate, EVP_sha1(), digest, &length) != 1) return {};
  return hexadecimal({reinterpret_cast<char*>(digest), length});
}

void sort_names(std::vector<SubjectName> names, CertificateInfo& info) {
  for (SubjectName& name : names) {
    switch (name.type) {
      case Type::dns:
        info.dns_sans.push_back(std::move(name.text));
        break;
      case Type::uri:
        info.uri_sans.push_back(std::move(name.text));
        break;
      case Type::email:
        info.email_sans.push_back(std::move(name.text));
        break;
      case Type::ip:
        info.ip_sans.push_back(std::move(name.text));
        break;
      case Type::other_name:
        info.other_name_sans.push_back(std::move(name.text));
        break;
    }
  }
}

}  // namespace

std::vector<SubjectName> subject_names(X509* certificate) {
  std::vector<SubjectName> names;
  GeneralNamesPtr found(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  ERR_clear_error();
  int count = found == nullptr ? 0 : sk_GENERAL_NAME_num(found.get());
  for (int i = 0; i < count; ++i) {
    SubjectName name;
    if (read_name(*sk_GENERAL_NAME_value(found.get(), i), name) &&
        name.text.find('\0') == std::string::npos)
      names.push_back(std::move(name));
  }
  return names;
}

std::string subject_text(X509* certificate) {
  return name_text(X509_get_subject_name(certificate));
}

std::string common_name(X509* certificate) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return {};
  std::string name = text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  return name.find('\0') == std::string::npos ? name : std::string();
}

std::string serial_text(X509* certificate) {
  BIGNUM* number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr);
  char* text = number == nullptr ? nullptr : BN_bn2hex(number);
  std::string serial = text == nullptr ? "" : text;
  OPENSSL_free(text);
  BN_free(number);
  std::transform(serial.begin(), serial.end(), serial.begin(),
                 [](unsigned char c) { return static_cast<char>(tolower(c)); });
  return serial;
}

std::string certificate_digest(X509* certificate) {
  unsigned char* der = nullptr;
  int length = i2d_X509(certificate, &der);
  return digest_of(der, length);
}

std::string spki_digest(X509* certificate) {
  unsigned char* der = nullptr;
  int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  return digest_of(der, length);
}

std::chrono::system_clock::time_point time_of(const ASN1_TIME* time) {
  tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return std::chrono::system_clock::from_time_t(timegm(&parts));
}

std::string hexadecimal(std::string_view octets) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(octets.size() * 2);
  for (unsigned char octet : octets) {
    text += kDigits[octet >> 4];
    text += kDigits[octet & 15];
  }
  return text;
}

namespace {

std::vector<std::string> extension_oids(X509* certificate) {
  std::vector<std::string> oids;
  for (int i = 0; i < X509_get_ext_count(certificate); ++i)
    oids.push_back(oid_text(X509_EXTENSION_get_object(X509_get_ext(certificate, i))));
  return oids;
}

}  // namespace

CertificateInfo describe_certificate(const std::vector<X509*>& chain) {
  CertificateInfo info;
  X509* leaf = chain.front();
  info.subject = subject_text(leaf);
  info.issuer = name_text(X509_get_issuer_name(leaf));
  info.serial = serial_text(leaf);
  info.sha256 = hexadecimal(certificate_digest(leaf));
  info.sha1 = sha1_text(leaf);
  info.not_before = time_of(X509_get0_notBefore(leaf));
  info.not_after = time_of(X509_get0_notAfter(leaf));
  sort_names(subject_names(leaf), info);
  info.oids = extension_oids(leaf);
  for (X509* certificate : chain) {
    info.chain_sha256.push_back(hexadecimal(certificate_digest(certificate)));
    info.chain_sha1.push_back(sha1_text(certificate));
    info.chain_serials.push_back(serial_text(certificate));
  }
  return info;
}

void add_pem(const std::vector<X509*>& chain, CertificateInfo& info) {
  info.pem = url_encoded_pem(chain.front());
  info.chain_pem.clear();
  for (X509* certificate : chain) info.chain_pem += url_encoded_pem(certificate);
}

}  // namespace outrigger::tls
