// HandshakeResult: what a finished handshake says of the connection, kept apart from the SSL object
// so that logs may read it later. Certificates are taken apart when somebody first asks. Thread:
// one worker. Lifetime: shared; it holds the certificates.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/tls_connection.h"
#include "proxy/tls/openssl_ptr.h"

namespace outrigger::tls {

class HandshakeResult final : public TlsConnection {
 public:
  // After the handshake. `server_name`: as received or sent. `local`: nullptr: none was sent.
  HandshakeResult(SSL* ssl, std::string server_name, bool peer_validated,
                  std::shared_ptr<const CertificateInfo> local);

  std::string_view version() const override { return version_; }
  std::string_view cipher() const override { return cipher_; }
  uint16_t cipher_id() const override { return cipher_id_; }
  std::string_view group() const override { return group_; }
  std::string_view alpn() const override { return alpn_; }
  std::string_view server_name() const override { return server_name_; }
  std::string_view session_id() const override { return session_id_; }
  bool session_reused() const override { return reused_; }
  bool peer_certificate_presented() const override { return !peer_chain_.empty(); }
  bool peer_certificate_validated() const override { return validated_; }
  const CertificateInfo* peer() const override;
  const CertificateInfo* peer_with_pem() const override;
  const CertificateInfo* local() const override { return local_.get(); }

 private:
  std::vector<X509*> peer_certificates() const;

  const char* version_;  // static texts of OpenSSL
  const char* cipher_;
  uint16_t cipher_id_ = 0;
  std::string_view group_;
  std::string alpn_;
  std::string server_name_;
  std::string session_id_;
  std::vector<X509Ptr> peer_chain_;  // the leaf first
  X509Ptr issuer_;                   // as verified; nullptr: nothing was
  std::shared_ptr<const CertificateInfo> local_;
  mutable std::unique_ptr<CertificateInfo> peer_;
  bool reused_;
  bool validated_;
};

}  // namespace outrigger::tls
