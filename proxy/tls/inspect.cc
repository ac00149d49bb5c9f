#include "proxy/tls/inspect.h"

#include <openssl/sha.h>

#include "proxy/tls/certificate_info.h"
#include "proxy/tls/client_state.h"
#include "proxy/tls/key_pair.h"
#include "proxy/tls/ocsp_staple.h"
#include "proxy/tls/server_state.h"

namespace outrigger::tls {
namespace {

// Envoy hashes what stands in the configuration itself: nothing, for a file.
std::string made_up_name(const char* prefix, const std::string& source, const std::string& pem) {
  constexpr size_t kHashDigits = 8;
  std::string_view text = source == "<inline>" ? std::string_view(pem) : std::string_view();
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  std::string hash = hexadecimal({reinterpret_cast<char*>(digest), sizeof digest});
  return prefix + hash.substr(0, kHashDigits);
}

CertificateSummary summarize_one(X509* certificate) {
  CertificateSummary summary;
  summary.serial = serial_text(certificate);
  for (SubjectName& name : subject_names(certificate)) {
    using Type = config::SanMatcher::Type;
    if (name.type == Type::dns) summary.dns_names.push_back(std::move(name.text));
    if (name.type == Type::uri) summary.uris.push_back(std::move(name.text));
    if (name.type == Type::ip) summary.ip_addresses.push_back(std::move(name.text));
  }
  summary.valid_from = time_of(X509_get0_notBefore(certificate));
  summary.expires = time_of(X509_get0_notAfter(certificate));
  return summary;
}

}  // namespace

absl::Status check(const config::TlsContext& context, bool server) {
  auto borrowed = std::make_shared<const config::TlsContext>(context);
  constexpr unsigned kMain = StatsScope::kMainThread;
  return server ? ServerState::create(std::move(borrowed), kMain).status()
                : ClientState::create(std::move(borrowed), kMain).status();
}

ContextSummary summarize(const config::TlsContext& context) {
  ContextSummary summary;
  if (context.validation && !context.validation->ca_pem.empty()) {
    const config::TlsValidation& from = *context.validation;
    if (auto authorities = parse_certificates(from.ca_pem); authorities.ok()) {
      summary.authority = summarize_one(authorities->front().get());
      summary.authority->path = from.ca_source;
      summary.authority->name = from.name.empty()
                                    ? made_up_name("unnamed_ca_cert_", from.ca_source, from.ca_pem)
                                    : from.name;
    }
  }
  for (const config::TlsCertificate& from : context.certificates) {
    auto pair = parse_key_pair(from);
    if (!pair.ok()) continue;
    CertificateSummary one = summarize_one(pair->leaf.get());
    one.path = from.chain_source;
    one.name = from.name.empty() ? made_up_name("unnamed_cert_", from.chain_source, from.chain_pem)
                                 : from.name;
    if (auto staple = OcspStaple::parse(from.ocsp_staple, pair->leaf.get());
        !from.ocsp_staple.empty() && staple.ok())
      one.ocsp = {staple->this_update(), staple->next_update()};
    summary.certificates.push_back(std::move(one));
  }
  return summary;
}

}  // namespace outrigger::tls
