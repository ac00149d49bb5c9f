#include "proxy/tls/handshake_result.h"

#include "proxy/tls/certificate_info.h"

namespace outrigger::tls {
namespace {

// A server's list of what the client sent lacks the leaf.
std::vector<X509Ptr> peer_chain(SSL* ssl) {
  std::vector<X509Ptr> chain;
  X509* leaf = SSL_get0_peer_certificate(ssl);
  if (leaf == nullptr) return chain;
  chain.push_back(share(leaf));
  STACK_OF(X509)* sent = SSL_get_peer_cert_chain(ssl);
  int count = sent == nullptr ? 0 : sk_X509_num(sent);
  for (int i = SSL_is_server(ssl) ? 0 : 1; i < count; ++i)
    chain.push_back(share(sk_X509_value(sent, i)));
  return chain;
}

}  // namespace

HandshakeResult::HandshakeResult(SSL* ssl, std::string server_name, bool peer_validated)
    : version_(SSL_get_version(ssl)),
      cipher_(SSL_get_cipher_name(ssl)),
      server_name_(std::move(server_name)),
      peer_chain_(peer_chain(ssl)),
      reused_(SSL_session_reused(ssl) == 1),
      validated_(peer_validated && !peer_chain_.empty()) {
  const unsigned char* alpn = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(ssl, &alpn, &length);
  if (alpn != nullptr) alpn_.assign(reinterpret_cast<const char*>(alpn), length);
  const unsigned char* id = nullptr;
  if (SSL_SESSION* session = SSL_get_session(ssl)) id = SSL_SESSION_get_id(session, &length);
  if (id != nullptr) session_id_ = hexadecimal({reinterpret_cast<const char*>(id), length});
  if (X509* own = SSL_get_certificate(ssl)) local_chain_.push_back(share(own));
}

const CertificateInfo* HandshakeResult::described(const std::vector<X509Ptr>& chain,
                                                  std::optional<CertificateInfo>& info) {
  if (chain.empty()) return nullptr;
  if (!info) {
    std::vector<X509*> certificates;
    for (const X509Ptr& certificate : chain) certificates.push_back(certificate.get());
    info = describe_certificate(certificates);
  }
  return &*info;
}

}  // namespace outrigger::tls
