#include "proxy/tls/handshake_result.h"

#include "proxy/tls/certificate_info.h"
#include "proxy/tls/handshake_stats.h"

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

HandshakeResult::HandshakeResult(SSL* ssl, std::string server_name, bool peer_validated,
                                 std::shared_ptr<const CertificateInfo> local)
    : version_(SSL_get_version(ssl)),
      cipher_(SSL_get_cipher_name(ssl)),
      group_(group_name(ssl)),
      server_name_(std::move(server_name)),
      peer_chain_(peer_chain(ssl)),
      local_(std::move(local)),
      reused_(SSL_session_reused(ssl) == 1),
      validated_(peer_validated && !peer_chain_.empty()) {
  if (const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl))
    cipher_id_ = SSL_CIPHER_get_protocol_id(cipher);
  const unsigned char* alpn = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(ssl, &alpn, &length);
  if (alpn != nullptr) alpn_.assign(reinterpret_cast<const char*>(alpn), length);
  const unsigned char* id = nullptr;
  if (SSL_SESSION* session = SSL_get_session(ssl)) id = SSL_SESSION_get_id(session, &length);
  if (id != nullptr) session_id_ = hexadecimal({reinterpret_cast<const char*>(id), length});
  STACK_OF(X509)* verified = SSL_get0_verified_chain(ssl);
  if (verified != nullptr && sk_X509_num(verified) > 1) issuer_ = share(sk_X509_value(verified, 1));
}

std::vector<X509*> HandshakeResult::peer_certificates() const {
  std::vector<X509*> certificates;
  for (const X509Ptr& certificate : peer_chain_) certificates.push_back(certificate.get());
  return certificates;
}

const CertificateInfo* HandshakeResult::peer() const {
  if (peer_chain_.empty()) return nullptr;
  if (peer_ == nullptr) {
    peer_ = std::make_unique<CertificateInfo>(describe_certificate(peer_certificates()));
    if (issuer_ != nullptr) {
      peer_->issuer_sha256 = hexadecimal(certificate_digest(issuer_.get()));
      peer_->issuer_serial = serial_text(issuer_.get());
    }
  }
  return peer_.get();
}

const CertificateInfo* HandshakeResult::peer_with_pem() const {
  if (peer() == nullptr) return nullptr;
  if (peer_->pem.empty()) add_pem(peer_certificates(), *peer_);
  return peer_.get();
}

}  // namespace outrigger::tls
