// What both sides of TLS have in common: an SSL_CTX with the versions, ciphers, curves and
// algorithms of a configuration. Thread: each worker makes its own; main: to check. Lifetime:
// shared by the context and its connections.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "api/config/tls.h"
#include "proxy/tls/key_pair.h"
#include "proxy/tls/openssl_ptr.h"

namespace outrigger::tls {

// A record of this much plain text fits with its frame into one Slab.
constexpr size_t kMaxRecordBytes = 16256;

// Errors open with the field inside CommonTlsContext: "tls_params.cipher_suites: ...".
absl::StatusOr<SslCtxPtr> make_ssl_ctx(const config::TlsContext& context, bool server);

// The certificate that the SSL_CTX presents.
absl::Status use_key_pair(SSL_CTX* ctx, const KeyPair& pair);

// ["h2", "http/1.1"] as "\x02h2\x08http/1.1"; names that cannot be sent are left out.
std::string alpn_wire(const std::vector<std::string>& names);

}  // namespace outrigger::tls
