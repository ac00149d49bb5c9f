#include "proxy/tls/failure_sentence.h"

#include "fmt/format.h"
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace outrigger::tls {
namespace {

// One understandable sentence for what OpenSSL calls by a code; empty: its own text says enough.
std::string sentence_of(const QueuedError& error) {
  if (error.library != ERR_LIB_SSL) return {};
  // An alert of the peer stands in the queue as this offset and its number.
  if (error.reason >= SSL_AD_REASON_OFFSET && error.reason < SSL_AD_REASON_OFFSET + 256) {
    return fmt::format("the peer refused the connection with the alert '{}'",
                       SSL_alert_desc_string_long(error.reason - SSL_AD_REASON_OFFSET));
  }
  switch (error.reason) {
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return "peer did not provide required client certificate";
    case SSL_R_NO_SHARED_CIPHER:
      return "no cipher in common with the peer";
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SHARED_GROUPS:
      return "no curve in common with the peer";
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
      return "no signature algorithm in common with the peer";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_VERSION_TOO_HIGH:
      return "no TLS version in common with the peer";
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_WRONG_VERSION_NUMBER:
      return "the peer does not speak TLS";
    case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC:
      return "a record was damaged on its way";
    default:
      return {};
  }
}

}  // namespace

TlsFailure explain(const std::vector<QueuedError>& errors, std::string_view detail) {
  TlsFailure failure;
  failure.reason = "TLS_error:";
  std::string sentence(detail);
  for (const QueuedError& error : errors) {
    failure.reason += "|" + describe(error);
    if (sentence.empty()) sentence = sentence_of(error);
    if (error.library != ERR_LIB_SSL) continue;
    failure.no_certificate |= error.reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE;
    failure.verification |= error.reason == SSL_R_CERTIFICATE_VERIFY_FAILED;
  }
  if (!sentence.empty()) failure.reason += ": " + sentence;
  failure.reason += ":TLS_error_end";
  return failure;
}

}  // namespace outrigger::tls
