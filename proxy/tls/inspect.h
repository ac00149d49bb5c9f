// What a compiled context is before connections use it: does OpenSSL take it, which certificates
// does it have. Thread: any; slow, so the main one.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "api/config/tls.h"

namespace outrigger::tls {

// Builds the context as a worker would. Errors open with the field inside DownstreamTlsContext or
// UpstreamTlsContext.
absl::Status check(const config::TlsContext& context, bool server);

struct CertificateSummary {
  std::string name;  // the secret's; without one "unnamed_cert_<hash>", as Envoy names it
  std::string path;  // or "<inline>"
  std::string serial;
  std::vector<std::string> dns_names, uris, ip_addresses;
  std::chrono::system_clock::time_point valid_from, expires;
  struct Ocsp {
    std::chrono::system_clock::time_point valid_from, expires;
  };
  std::optional<Ocsp> ocsp;
};

struct ContextSummary {
  std::optional<CertificateSummary> authority;  // the first one
  std::vector<CertificateSummary> certificates;
};

// What cannot be read is left out.
ContextSummary summarize(const config::TlsContext& context);

}  // namespace outrigger::tls
