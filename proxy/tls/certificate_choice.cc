#include "proxy/tls/certificate_choice.h"

#include <algorithm>

#include "proxy/tls/certificate_info.h"

namespace outrigger::tls {

struct CertificateChoice::Search {
  const ClientHello& hello;
  const ServerCertificate* found = nullptr;
  const ServerCertificate* second_best = nullptr;  // RSA for a client that could have ECDSA

  const ServerCertificate* best() const { return found != nullptr ? found : second_best; }
};

CertificateChoice::CertificateChoice(const config::TlsContext& context,
                                     const std::vector<ServerCertificate>& certificates)
    : certificates_(certificates),
      policy_(context.ocsp),
      full_scan_(context.full_scan_certs_on_sni_mismatch) {
  for (const ServerCertificate& certificate : certificates_) {
    bool any_name = false;
    for (SubjectName& name : subject_names(certificate.leaf.get())) {
      any_name = true;
      if (name.type == config::SanMatcher::Type::dns) add_name(std::move(name.text), certificate);
    }
    // The common name counts only where there are no other names (RFC 6125).
    if (!any_name) add_name(common_name(certificate.leaf.get()), certificate);
  }
}

// Of several certificates for one name and kind of key the first counts.
void CertificateChoice::add_name(std::string name, const ServerCertificate& certificate) {
  if (name.empty()) return;
  if (name.starts_with("*.")) name.erase(0, 1);
  for (char& c : name) c = static_cast<char>(tolower(static_cast<unsigned char>(c)));
  std::vector<const ServerCertificate*>& present = by_name_[name];
  auto kind = [](const ServerCertificate& one) {
    return EVP_PKEY_get_base_id(X509_get0_pubkey(one.leaf.get()));
  };
  for (const ServerCertificate* other : present) {
    if (kind(*other) == kind(certificate)) return;
  }
  present.push_back(&certificate);
}

CertificateChoice::Choice CertificateChoice::choose(const ClientHello& hello) const {
  Search search{hello};
  const std::string& name = hello.server_name;
  if (!name.empty()) {
    try_name(name, search);
    size_t dot = name.find('.', 1);
    if (search.best() == nullptr && dot != std::string::npos && dot + 1 < name.size())
      try_name(name.substr(dot), search);
  }
  if (search.best() == nullptr && (name.empty() || full_scan_)) try_all(search);
  const ServerCertificate* chosen = search.best();
  if (chosen == nullptr) chosen = &certificates_.front();
  return {chosen, staple_action(*chosen, hello)};
}

void CertificateChoice::try_name(const std::string& name, Search& search) const {
  auto found = by_name_.find(name);
  if (found == by_name_.end()) return;
  for (const ServerCertificate* certificate : found->second) {
    if (try_certificate(*certificate, search)) return;
  }
}

void CertificateChoice::try_all(Search& search) const {
  for (const ServerCertificate& certificate : certificates_) {
    if (try_certificate(certificate, search)) return;
  }
}

bool CertificateChoice::try_certificate(const ServerCertificate& certificate,
                                        Search& search) const {
  if (staple_action(certificate, search.hello) == StapleAction::fail) return false;
  const std::vector<int>& curves = search.hello.ecdsa_curves;
  bool ecdsa = certificate.ecdsa_curve != NID_undef;
  bool good = ecdsa
                  ? std::find(curves.begin(), curves.end(), certificate.ecdsa_curve) != curves.end()
                  : curves.empty();
  if (good) {
    search.found = &certificate;
  } else if (!ecdsa && search.second_best == nullptr) {
    search.second_best = &certificate;
  }
  return good;
}

StapleAction CertificateChoice::staple_action(const ServerCertificate& certificate,
                                              const ClientHello& hello) const {
  if (!hello.wants_ocsp) return StapleAction::not_asked;
  if (certificate.staple.valid_now()) return StapleAction::staple;
  if (certificate.must_staple || policy_ == config::OcspPolicy::must_staple)
    return StapleAction::fail;
  bool expired = certificate.staple.present();
  return policy_ == config::OcspPolicy::strict && expired ? StapleAction::fail : StapleAction::omit;
}

}  // namespace outrigger::tls
