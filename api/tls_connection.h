// TlsConnection: what is known of one TLS connection after its handshake; logs, headers, matchers
// and policies read it. Certificates are taken apart when somebody first asks. Thread: the
// connection's worker. Lifetime: its transport's.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outrigger {

struct CertificateInfo {
  std::string subject;  // RFC 2253: "CN=a,O=b"
  std::string issuer;
  std::string serial;  // hexadecimal, lower case
  std::string sha256;  // of the DER form, hexadecimal, lower case
  std::string sha1;
  // URL-encoded, alone and with what came with it; only from peer_with_pem(): they are long.
  std::string pem;
  std::string chain_pem;
  std::vector<std::string> chain_sha256, chain_sha1, chain_serials;  // the leaf first
  std::vector<std::string> uri_sans, dns_sans, ip_sans, email_sans, other_name_sans;
  std::vector<std::string> oids;  // of its extensions: "2.5.29.17"
  std::chrono::system_clock::time_point not_before, not_after;
  // Of the certificate that issued it, in the chain that was verified; empty: none was.
  std::string issuer_sha256, issuer_serial;
};

class TlsConnection {
 public:
  virtual ~TlsConnection() = default;
  virtual std::string_view version() const = 0;          // "TLSv1.3"
  virtual std::string_view cipher() const = 0;           // "TLS_AES_256_GCM_SHA384"
  virtual uint16_t cipher_id() const { return 0; }       // as in the registry: 0x1302
  virtual std::string_view group() const { return {}; }  // of the key agreement: "X25519"
  virtual std::string_view alpn() const = 0;             // what was agreed on; empty: nothing
  virtual std::string_view server_name() const = 0;      // SNI, as sent or received
  virtual std::string_view session_id() const = 0;       // hexadecimal
  virtual bool session_reused() const = 0;
  virtual bool peer_certificate_presented() const = 0;
  virtual bool peer_certificate_validated() const = 0;
  virtual const CertificateInfo* peer() const = 0;  // nullptr: none was presented
  virtual const CertificateInfo* peer_with_pem() const { return peer(); }
  virtual const CertificateInfo* local() const = 0;  // nullptr: none was sent
};

}  // namespace outrigger
