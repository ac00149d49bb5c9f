#include "proxy/tls/cipher_list.h"

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include <openssl/err.h>

namespace outrigger::tls {
namespace {

constexpr const char* kDefault =
    "[ECDHE-ECDSA-AES128-GCM-SHA256|ECDHE-ECDSA-CHACHA20-POLY1305]:"
    "[ECDHE-RSA-AES128-GCM-SHA256|ECDHE-RSA-CHACHA20-POLY1305]:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";

// OpenSSL takes a list of which it knows one name; here it must know all.
std::vector<std::string> unknown_ciphers(const std::string& list) {
  std::vector<std::string> unknown;
  SslCtxPtr trial(SSL_CTX_new(TLS_method()));
  for (absl::string_view name : absl::StrSplit(list, absl::ByAnyChar(":+! "), absl::SkipEmpty())) {
    std::string text(name.substr(name[0] == '-' ? 1 : 0));
    if (text[0] == '@') continue;
    if (SSL_CTX_set_cipher_list(trial.get(), text.c_str()) != 1) unknown.push_back(text);
  }
  ERR_clear_error();
  return unknown;
}

}  // namespace

absl::Status set_ciphers(SSL_CTX* ctx, const std::vector<std::string>& ciphers) {
  std::string list = ciphers.empty() ? kDefault : absl::StrJoin(ciphers, ":");
  bool groups = list.find('[') != std::string::npos;
  std::string flat;
  for (char c : list) {
    if (c != '[' && c != ']') flat += c == '|' ? ':' : c;
  }
  std::vector<std::string> unknown = unknown_ciphers(flat);
  if (!unknown.empty() || SSL_CTX_set_cipher_list(ctx, flat.c_str()) != 1) {
    ERR_clear_error();
    return absl::InvalidArgumentError(
        fmt::format("failed to initialize cipher suites {}. The following ciphers were rejected "
                    "when tried individually: {}",
                    list, absl::StrJoin(unknown, ", ")));
  }
  if (groups) SSL_CTX_set_options(ctx, SSL_OP_PRIORITIZE_CHACHA);
  return absl::OkStatus();
}

}  // namespace outrigger::tls
