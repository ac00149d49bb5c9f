// A TLS connection that is whatever the test says.
#pragma once

#include <optional>
#include <string>

#include "api/tls_connection.h"

namespace outrigger::test {

struct FakeTls final : TlsConnection {
  std::string version_text = "TLSv1.3", cipher_text = "TLS_AES_256_GCM_SHA384", alpn_text, sni;
  std::string session;
  bool reused = false, presented = false, validated = false;
  std::optional<CertificateInfo> peer_info, local_info;

  std::string_view version() const override { return version_text; }
  std::string_view cipher() const override { return cipher_text; }
  std::string_view alpn() const override { return alpn_text; }
  std::string_view server_name() const override { return sni; }
  std::string_view session_id() const override { return session; }
  bool session_reused() const override { return reused; }
  bool peer_certificate_presented() const override { return presented; }
  bool peer_certificate_validated() const override { return validated; }
  const CertificateInfo* peer() const override { return peer_info ? &*peer_info : nullptr; }
  const CertificateInfo* local() const override { return local_info ? &*local_info : nullptr; }
};

}  // namespace outrigger::test
