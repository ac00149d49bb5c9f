#include "proxy/tls/client_hello.h"

#include <cctype>
#include <string_view>

namespace outrigger::tls {
namespace {

// Octets of an extension, read from the front.
class Octets {
 public:
  Octets(const unsigned char* data, size_t size) : at_(data), left_(size) {}
  size_t left() const { return left_; }
  unsigned number(unsigned bytes) {
    unsigned value = 0;
    if (left_ < bytes) {
      left_ = 0;
      return 0;
    }
    for (unsigned i = 0; i < bytes; ++i) value = value << 8 | at_[i];
    at_ += bytes;
    left_ -= bytes;
    return value;
  }
  // A part that says its length in `bytes` octets.
  Octets part(unsigned bytes) {
    size_t size = number(bytes);
    if (size > left_) size = left_;
    Octets inner(at_, size);
    at_ += size;
    left_ -= size;
    return inner;
  }
  std::string_view text() const { return {reinterpret_cast<const char*>(at_), left_}; }

 private:
  const unsigned char* at_;
  size_t left_;
};

Octets extension(SSL* ssl, unsigned type) {
  const unsigned char* data = nullptr;
  size_t size = 0;
  if (SSL_client_hello_get0_ext(ssl, type, &data, &size) != 1) return {nullptr, 0};
  return {data, size};
}

std::string server_name(SSL* ssl) {
  Octets list = extension(ssl, TLSEXT_TYPE_server_name).part(2);
  if (list.number(1) != TLSEXT_NAMETYPE_host_name) return {};
  std::string name(list.part(2).text());
  if (name.find('\0') != std::string::npos) return {};
  for (char& c : name) c = static_cast<char>(tolower(static_cast<unsigned char>(c)));
  return name;
}

bool list_has(Octets list, unsigned wanted) {
  while (list.left() >= 2) {
    if (list.number(2) == wanted) return true;
  }
  return false;
}

bool speaks_tls13(SSL* ssl) {
  return SSL_CTX_get_max_proto_version(SSL_get_SSL_CTX(ssl)) == TLS1_3_VERSION &&
         list_has(extension(ssl, TLSEXT_TYPE_supported_versions).part(1), TLS1_3_VERSION);
}

bool has_ecdsa_cipher(SSL* ssl) {
  const unsigned char* data = nullptr;
  size_t size = SSL_client_hello_get0_ciphers(ssl, &data);
  STACK_OF(SSL_CIPHER)* ciphers = nullptr;
  STACK_OF(SSL_CIPHER)* signalling = nullptr;
  bool found = false;
  if (SSL_bytes_to_cipher_list(ssl, data, size, 0, &ciphers, &signalling) == 1) {
    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); ++i)
      found |= SSL_CIPHER_get_auth_nid(sk_SSL_CIPHER_value(ciphers, i)) == NID_auth_ecdsa;
  }
  sk_SSL_CIPHER_free(ciphers);
  sk_SSL_CIPHER_free(signalling);
  return found;
}

// The curve, and TLS 1.3's signature on it.
struct EcdsaCurve {
  unsigned group;
  unsigned signature;
  int nid;
};
constexpr EcdsaCurve kCurves[] = {
    {23, 0x0403, NID_X9_62_prime256v1}, {24, 0x0503, NID_secp384r1}, {25, 0x0603, NID_secp521r1}};

std::vector<int> ecdsa_curves(SSL* ssl) {
  std::vector<int> curves;
  bool tls13 = speaks_tls13(ssl);
  if (!tls13 && !has_ecdsa_cipher(ssl)) return curves;
  Octets groups = extension(ssl, TLSEXT_TYPE_supported_groups).part(2);
  Octets signatures = extension(ssl, TLSEXT_TYPE_signature_algorithms).part(2);
  for (const EcdsaCurve& curve : kCurves) {
    if (tls13 ? list_has(signatures, curve.signature) : list_has(groups, curve.group))
      curves.push_back(curve.nid);
  }
  return curves;
}

}  // namespace

ClientHello read_client_hello(SSL* ssl) {
  ClientHello hello;
  hello.server_name = server_name(ssl);
  hello.ecdsa_curves = ecdsa_curves(ssl);
  hello.wants_ocsp = extension(ssl, TLSEXT_TYPE_status_request).left() > 0;
  return hello;
}

}  // namespace outrigger::tls
